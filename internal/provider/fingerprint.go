// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
)

// fingerprint recognises a secret without holding it: HMAC-SHA-256 under a salt of its own, so that
// equal tokens of two numbers have different fingerprints.
type fingerprint struct {
	Salt []byte `json:"salt"`
	Sum  []byte `json:"sum"`
}

func newFingerprint(secret string) *fingerprint {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	return &fingerprint{Salt: salt, Sum: hmacSum(salt, secret)}
}

// matches reports whether the fingerprint is that of secret.
func (f *fingerprint) matches(secret string) bool { return hmac.Equal(f.Sum, hmacSum(f.Salt, secret)) }

func hmacSum(salt []byte, secret string) []byte {
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte(secret))
	return mac.Sum(nil)
}
