output "phone_number_ids" {
  description = "The API's ids of the numbers. They change when a number is replaced, so refer to them and never copy them."
  value = {
    whatsapp  = bizapi_phone_number.whatsapp.id
    instagram = bizapi_phone_number.instagram.id
  }
}
