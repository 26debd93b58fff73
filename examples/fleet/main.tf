resource "bizapi_phone_number" "this" {
  # Over the numbers, not the tokens: sensitive and ephemeral values cannot be keys of resources.
  for_each = var.numbers

  user_id              = each.value.user_id
  platform             = each.value.platform
  meta_phone_number_id = each.value.meta_phone_number_id
  display_name         = each.value.display_name

  # A version whose token is missing in access_tokens is an error at plan.
  access_token_wo         = each.value.token_version == null ? null : lookup(var.access_tokens, each.key, null)
  access_token_wo_version = each.value.token_version

  deletion_protection = each.value.deletion_protection
}

# Because the agent refers to the number's id, the apply that replaces a number creates its agent again.
resource "bizapi_agent" "this" {
  for_each = { for name, number in var.numbers : name => number if number.agent != null }

  user_id         = each.value.user_id
  phone_number_id = bizapi_phone_number.this[each.key].id
  name            = each.value.agent.name
  prompt_id       = each.value.agent.prompt_id
}
