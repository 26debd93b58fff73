# Set TF_VAR_support_access_token. An ephemeral value reaches neither the state nor a saved plan.
variable "support_access_token" {
  description = "Access token of the web chat channel."
  type        = string
  ephemeral   = true
  sensitive   = true
}

resource "bizapi_phone_number" "support" {
  platform                = "webchat"
  meta_phone_number_id    = "support.example.com"
  access_token_wo         = var.support_access_token
  access_token_wo_version = 1
  display_name            = "Support chat"
}

# Because of this reference, an apply that replaces the number also creates the agent again on the new one.
resource "bizapi_agent" "support" {
  phone_number_id = bizapi_phone_number.support.id
  name            = "Support"
  prompt_id       = "pmpt_abc123"
}
