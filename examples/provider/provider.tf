terraform {
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

variable "whatsapp_access_token" {
  type      = string
  ephemeral = true
  sensitive = true
}

resource "bizapi_phone_number" "sales" {
  platform                = "whatsapp"
  meta_phone_number_id    = "836990829491415"
  access_token_wo         = var.whatsapp_access_token
  access_token_wo_version = 1
  display_name            = "+1 (234) 567-8900"
}

resource "bizapi_agent" "sales" {
  phone_number_id = bizapi_phone_number.sales.id
  name            = "Sales"
  prompt_id       = "pmpt_abc123"
}
