# All WhatsApp numbers of the provider's user, whoever registered them.
data "bizapi_phone_numbers" "whatsapp" {
  platform = "whatsapp"
}

# by_meta_id suits for_each: its keys, such as whatsapp/836990829491415, survive a replacement of the
# number. Each value has the number's id, display_name and so on.
resource "bizapi_agent" "whatsapp" {
  for_each = data.bizapi_phone_numbers.whatsapp.by_meta_id

  phone_number_id = each.value.id
  name            = coalesce(each.value.display_name, each.key)
  prompt_id       = "pmpt_abc123"
}

# numbers is the same as a list, oldest first.
output "oldest" {
  description = "Id of the user's first number; null if there is none."
  value       = try(data.bizapi_phone_numbers.whatsapp.numbers[0].id, null)
}
