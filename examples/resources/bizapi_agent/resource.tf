variable "support_access_token" {
  type      = string
  ephemeral = true
  sensitive = true
}

resource "bizapi_phone_number" "support" {
  platform                = "webchat"
  meta_phone_number_id    = "support.example.com"
  access_token_wo         = var.support_access_token
  access_token_wo_version = 1
  display_name            = "Support chat"
}

# By this reference, one apply that replaces the number brings the agent back on the new one.
resource "bizapi_agent" "support" {
  phone_number_id = bizapi_phone_number.support.id
  name            = "Support"
  prompt_id       = "pmpt_abc123"
}
