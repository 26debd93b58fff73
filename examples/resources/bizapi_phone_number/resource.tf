variable "whatsapp_access_token" {
  description = "System user access token of the WhatsApp Business account."
  type        = string
  sensitive   = true
}

resource "bizapi_phone_number" "sales" {
  platform             = "whatsapp"
  meta_phone_number_id = "836990829491415"
  access_token         = var.whatsapp_access_token
  display_name         = "+1 (234) 567-8900"
}
