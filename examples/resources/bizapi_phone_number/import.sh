# By user and id, as the API lists the number:
terraform import bizapi_phone_number.support usr_abc123/pn_abc123

# By id alone, where the provider has a user_id:
terraform import bizapi_phone_number.support pn_abc123

# By what Meta calls it, where the API's id is not known:
terraform import bizapi_phone_number.support usr_abc123/webchat/support.example.com
