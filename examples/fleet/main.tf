resource "bizapi_phone_number" "this" {
  # Over the numbers, not over the tokens: what is sensitive or ephemeral cannot make addresses.
  for_each = var.numbers

  user_id              = each.value.user_id
  platform             = each.value.platform
  meta_phone_number_id = each.value.meta_phone_number_id
  display_name         = each.value.display_name

  # A version whose token is missing in access_tokens is an error while planning.
  access_token_wo         = each.value.token_version == null ? null : lookup(var.access_tokens, each.key, null)
  access_token_wo_version = each.value.token_version

  deletion_protection = each.value.deletion_protection
}
