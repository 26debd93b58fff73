# terraform test: no account, no network and no real token. The mocked provider checks arguments
# against the schema and makes up what the API would answer.
mock_provider "bizapi" {
  mock_resource "bizapi_phone_number" {
    defaults = {
      created_at = "2025-02-10T10:00:00Z"
      updated_at = "2025-02-10T10:00:00Z"
    }
  }
}

variables {
  numbers = {
    sales = {
      user_id              = "usr_abc123"
      platform             = "whatsapp"
      meta_phone_number_id = "836990829491415"
      display_name         = "+1 (234) 567-8900"
      token_version        = 1
    }
    shop = {
      user_id              = "usr_def456"
      platform             = "instagram"
      meta_phone_number_id = "17841234567890123"
      display_name         = "@yourbusiness"
      token_version        = 3
      deletion_protection  = false
    }
    support = {
      user_id              = "usr_abc123"
      platform             = "webchat"
      meta_phone_number_id = "support.example.com"
      agent                = { name = "Support", prompt_id = "pmpt_abc123" }
    }
  }
  access_tokens = {
    sales = "EAAfakeSales"
    shop  = "EAAfakeShop"
  }
}

run "each_number_belongs_to_its_user" {
  command = plan

  assert {
    condition     = { for name, number in bizapi_phone_number.this : name => number.user_id } == { sales = "usr_abc123", shop = "usr_def456", support = "usr_abc123" }
    error_message = "A number belongs to the wrong user."
  }
}

run "numbers_are_protected_by_default" {
  command = plan

  assert {
    condition     = [for number in bizapi_phone_number.this : number.meta_phone_number_id if !number.deletion_protection] == ["17841234567890123"]
    error_message = "Only the shop turns its protection off."
  }
}

run "tokens_reach_no_state" {
  command = apply

  assert {
    condition     = alltrue([for number in bizapi_phone_number.this : number.access_token == null && number.access_token_wo == null])
    error_message = "A token is in the state."
  }

  assert {
    condition     = bizapi_phone_number.this["shop"].access_token_wo_version == 3 && bizapi_phone_number.this["support"].access_token_wo_version == null
    error_message = "A number has the wrong version."
  }
}

run "an_agent_answers_on_its_number" {
  command = apply

  assert {
    condition     = keys(output.agent_ids) == ["support"] && bizapi_agent.this["support"].phone_number_id == output.ids["support"]
    error_message = "The agent does not answer on the support number."
  }
}

run "outputs_have_every_number" {
  command = apply

  assert {
    condition     = keys(output.ids) == ["sales", "shop", "support"]
    error_message = "ids lacks a number."
  }

  assert {
    condition     = keys(output.ids_by_user["usr_abc123"]) == ["sales", "support"] && keys(output.ids_by_user["usr_def456"]) == ["shop"]
    error_message = "ids_by_user has a number under the wrong user."
  }

  assert {
    condition     = output.numbers["sales"].display_name == "+1 (234) 567-8900"
    error_message = "numbers lacks an attribute."
  }
}
