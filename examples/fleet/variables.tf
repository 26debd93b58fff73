variable "numbers" {
  description = <<-EOT
    The numbers by a name of your own, such as "sales". The name is the number's address in
    Terraform: choose one that stays.

    user_id              the user that the number belongs to
    platform             whatsapp, instagram or webchat
    meta_phone_number_id Meta's id, in quotes
    display_name         the name for people; left out, whatever the API has
    token_version        the version of the token in access_tokens, 1 at first. Another version
                         replaces the number. Left out, the number is kept without a token, which
                         is enough for an imported one
    deletion_protection  refuses to delete or replace the number, true unless set to false
  EOT

  type = map(object({
    user_id              = string
    platform             = string
    meta_phone_number_id = string
    display_name         = optional(string)
    token_version        = optional(number)
    deletion_protection  = optional(bool, true)
  }))
  nullable = false

  # The API takes each of them once. A plan would find the second one only when adding it.
  validation {
    condition = length(var.numbers) == length(distinct([
      for number in var.numbers : "${number.platform}/${number.meta_phone_number_id}"
    ]))
    error_message = "The same platform and meta_phone_number_id stands under two names."
  }
}

# Ephemeral: the values reach neither the state nor a saved plan. Set it from the environment, as
# JSON: TF_VAR_access_tokens='{"sales":"EAAxxxx..."}'.
variable "access_tokens" {
  description = "Meta's access tokens by the names of numbers. Those of numbers without a token_version are not used."
  type        = map(string)
  default     = {}
  nullable    = false
  ephemeral   = true
  sensitive   = true
}
