# What must not get as far as an apply. The real provider refuses more: it reads the account.
mock_provider "bizapi" {}

run "the_same_number_under_two_names" {
  command = plan

  variables {
    numbers = {
      sales = { user_id = "usr_abc123", platform = "whatsapp", meta_phone_number_id = "836990829491415" }
      again = { user_id = "usr_def456", platform = "whatsapp", meta_phone_number_id = "836990829491415" }
    }
  }

  expect_failures = [var.numbers]
}

run "an_empty_fleet" {
  command = plan

  variables {
    numbers = {}
  }

  assert {
    condition     = length(output.ids) == 0 && length(output.ids_by_user) == 0
    error_message = "An empty fleet has numbers."
  }
}
