# By Meta's id, which the business knows it by. A number that is not there is an error.
data "bizapi_phone_number" "sales" {
  platform             = "whatsapp"
  meta_phone_number_id = "836990829491415"
}

# By the API's id, of a user that is not the provider's.
data "bizapi_phone_number" "support" {
  user_id = "usr_abc123"
  id      = "pn_abc123"
}

output "sales_phone_number_id" {
  description = "What an agent is bound to."
  value       = data.bizapi_phone_number.sales.id
}
