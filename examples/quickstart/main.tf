terraform {
  required_version = ">= 1.11"

  required_providers {
    bizapi = {
      source = "bizapi/bizapi"
    }
  }
}

# Where the API is and the key to it come from the environment: BIZAPI_BASE_URL, with the
# version path, and BIZAPI_API_KEY.
provider "bizapi" {
  user_id = "usr_abc123"
}

# The id is the Phone Number ID of WhatsApp Manager, not the phone number itself.
resource "bizapi_phone_number" "whatsapp" {
  platform             = "whatsapp"
  meta_phone_number_id = "836990829491415"
  access_token         = var.whatsapp_access_token
  display_name         = "+1 (234) 567-8900"
}

# The id is the Instagram Account ID of Meta Business Suite, not the handle.
resource "bizapi_phone_number" "instagram" {
  platform             = "instagram"
  meta_phone_number_id = "17841234567890123"
  access_token         = var.instagram_access_token
  display_name         = "@yourbusiness"
}
