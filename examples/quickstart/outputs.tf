output "phone_number_ids" {
  description = "The API's ids, for what is bound to a number: agents, templates and campaigns."
  value = {
    whatsapp  = bizapi_phone_number.whatsapp.id
    instagram = bizapi_phone_number.instagram.id
  }
}
