terraform {
  required_version = ">= 1.11"

  required_providers {
    bizapi = {
      source = "bizapi/bizapi"
    }
  }
}

# BIZAPI_BASE_URL and BIZAPI_API_KEY come from the environment.
provider "bizapi" {
  user_id = "usr_abc123"
}

# Meta's id is the Phone Number ID of WhatsApp Manager, not the phone number itself.
resource "bizapi_phone_number" "whatsapp" {
  platform                = "whatsapp"
  meta_phone_number_id    = "836990829491415"
  access_token_wo         = var.whatsapp_access_token
  access_token_wo_version = 1 # increment it to send a new token, which replaces the number
  display_name            = "+1 (234) 567-8900"
}

# The agent that answers on the number. When the number is replaced, the same apply creates it again.
resource "bizapi_agent" "sales" {
  phone_number_id = bizapi_phone_number.whatsapp.id
  name            = "Sales"
  prompt_id       = "pmpt_abc123"
}

# Meta's id is the Instagram Account ID of Meta Business Suite, not the handle.
resource "bizapi_phone_number" "instagram" {
  platform                = "instagram"
  meta_phone_number_id    = "17841234567890123"
  access_token_wo         = var.instagram_access_token
  access_token_wo_version = 1
  display_name            = "@yourbusiness"
}
