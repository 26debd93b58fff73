variable "accounts" {
  type = map(object({ meta_phone_number_id = string, display_name = string, token_version = number }))
}

# An ephemeral value cannot be used in for_each, so the tokens have a map of their own. Set it as JSON:
# TF_VAR_instagram_access_tokens='{"shop":"EAAxxxx..."}'.
variable "instagram_access_tokens" {
  type      = map(string)
  ephemeral = true
  sensitive = true
}

resource "bizapi_phone_number" "instagram" {
  for_each = var.accounts

  platform                = "instagram"
  meta_phone_number_id    = each.value.meta_phone_number_id
  access_token_wo         = var.instagram_access_tokens[each.key]
  access_token_wo_version = each.value.token_version
  display_name            = each.value.display_name
}
