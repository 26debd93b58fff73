output "phone_number_ids" {
  description = "The API's ids of the numbers. An id changes when its number is replaced: refer to it, and never copy it."
  value = {
    whatsapp  = bizapi_phone_number.whatsapp.id
    instagram = bizapi_phone_number.instagram.id
  }
}
