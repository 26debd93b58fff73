# Set TF_VAR_whatsapp_access_token. An ephemeral value reaches neither the state nor a saved plan.
variable "whatsapp_access_token" {
  description = "System user access token of the WhatsApp Business account."
  type        = string
  ephemeral   = true
  sensitive   = true
}

resource "bizapi_phone_number" "sales" {
  platform                = "whatsapp"
  meta_phone_number_id    = "836990829491415" # the Phone Number ID, not the phone number
  access_token_wo         = var.whatsapp_access_token
  access_token_wo_version = 1
  display_name            = "+1 (234) 567-8900"
}
