# Set both in the environment, so that they are in no file: TF_VAR_whatsapp_access_token and
# TF_VAR_instagram_access_token. Ephemeral values reach neither the state nor a saved plan.

variable "whatsapp_access_token" {
  description = "System user access token of the WhatsApp Business account, with the permissions whatsapp_business_messaging and whatsapp_business_management."
  type        = string
  ephemeral   = true
  sensitive   = true
}

variable "instagram_access_token" {
  description = "Page access token of the Instagram business account, with the permissions instagram_manage_messages and pages_messaging."
  type        = string
  ephemeral   = true
  sensitive   = true
}
