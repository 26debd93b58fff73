terraform {
  required_providers {
    bizapi = {
      source = "bizapi/bizapi"
    }
  }
}

# The API key comes from the environment: BIZAPI_API_KEY.
provider "bizapi" {
  base_url = "https://api.example.com/v1"
  user_id  = "usr_abc123"
}
