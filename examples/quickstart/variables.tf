# Set both from the environment, so that they stand in no file: TF_VAR_whatsapp_access_token
# and TF_VAR_instagram_access_token.

variable "whatsapp_access_token" {
  description = "System user access token of the WhatsApp Business account, with the permissions whatsapp_business_messaging and whatsapp_business_management."
  type        = string
  sensitive   = true
}

variable "instagram_access_token" {
  description = "Page access token of the Instagram business account, with the permissions instagram_manage_messages and pages_messaging."
  type        = string
  sensitive   = true
}
