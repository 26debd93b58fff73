# All WhatsApp numbers of the provider's user, whoever registered them.
data "bizapi_phone_numbers" "whatsapp" {
  platform = "whatsapp"
}

# by_meta_id suits for_each: its keys, such as whatsapp/836990829491415, outlive a replacement of
# the number. Each value has the number's id, display_name and the rest.
resource "terraform_data" "agent" {
  for_each = data.bizapi_phone_numbers.whatsapp.by_meta_id
  input    = { phone_number_id = each.value.id, name = each.value.display_name }
}

# numbers is the same as a list, oldest first.
output "oldest" {
  description = "Id of the user's first number; null when there is none."
  value       = try(data.bizapi_phone_numbers.whatsapp.numbers[0].id, null)
}
