// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// This file is what of a server's own words may be shown. A server may echo an access token that this
// process was never told: Terraform gives a refresh and a delete no write-only value, and a listing
// may be of numbers that nobody configured. No list of secrets finds such a token, so a word that may
// be one is left out, whatever it is.

// Bounds of foreign text in a message, in characters: of a body, and of the API's own message.
const (
	shownExcerpt   = 120
	longestMessage = 500
)

// Bounds of what an excerpt is made from, in bytes. The end of a text that was cut is dropped, since
// it may be the half of a secret; no written form of a token is longer than that.
const (
	longestExcerpt = 16 << 10
	unsafeEnd      = 4 << 10
)

// damaged is what describe calls JSON that does not end, or is broken in the middle.
const damaged = "JSON that is cut off or damaged"

// describe names a body that is not the JSON expected, in a few words that fit a message.
func (c *Client) describe(call call, answer answer) string {
	body := bytes.TrimSpace(answer.body)
	kind := answer.header.Get("Content-Type")
	switch {
	case len(body) == 0:
		return "an empty body"
	case strings.Contains(kind, "html"), body[0] == '<':
		return "an HTML or XML page, not JSON"
	case isDamaged(body):
		return damaged
	}
	start := c.excerpt(call, string(body[:min(len(body), longestExcerpt+1)]), shownExcerpt)
	if json.Valid(body) {
		return "JSON of another form: " + start
	}
	return "text that is not JSON: " + start
}

// brokenOff is why no whole answer came. Where the connection stood, the reason may quote the server.
func (c *Client) brokenOff(call call, cause error) string {
	if _, isNetwork := errors.AsType[*net.OpError](cause); isNetwork {
		return cause.Error()
	}
	return c.excerpt(call, cause.Error(), longestMessage)
}

// excerpt is the start of a text, on one line. The secrets go first: half of one is still one.
func (c *Client) excerpt(call call, text string, length int) string {
	if len(text) > longestExcerpt {
		text = c.secrets.Redact(text[:longestExcerpt])
		text = text[:max(0, len(text)-unsafeEnd)]
	}
	text = oneLine(secretField.ReplaceAllString(c.secrets.Redact(text), `${1}"`+Redacted+`"`))
	text = withoutOpaqueWords(c.secrets.withoutShort(text), call.said())
	if short := []rune(text); len(short) > length {
		return string(short[:length]) + "…"
	}
	return text
}

// secretField is a JSON field whose value is nobody's business: a deployed server's rows have the
// access_token of numbers that nobody configured. The value may be cut off.
var secretField = regexp.MustCompile(`(?i)("[^"]*(?:token|key|secret|password)[^"]*"\s*:\s*)"(?:[^"\\]|\\.)*(?:"|\\?$)`)

// oneLine takes out what would break or repaint a terminal's line.
func oneLine(text string) string {
	printable := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	return strings.Join(strings.Fields(printable), " ")
}

// shortestToken is the length, in bytes, that a word must have to be taken for a token: a deployed
// server takes none under 10 characters.
const shortestToken = 10

// withoutOpaqueWords leaves out every word that may be a token: all but those that said holds, short
// ones, prose, times and paths of such. Errors are written for people: what is lost is ids and numbers
// that this process did not name.
func withoutOpaqueWords(text string, said map[string]bool) string {
	words := strings.Fields(text)
	for at, word := range words {
		core := strings.Trim(strings.ReplaceAll(word, Redacted, ""), punctuation)
		if len(core) >= shortestToken && !said[core] && !timeForm.MatchString(core) && !isMadeOfWords(core, said) {
			words[at] = Redacted
		}
	}
	return strings.Join(words, " ")
}

const punctuation = "\"'`()[]{}<>,.:;!?…"

// timeForm is a date, with or without a time.
var timeForm = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]{5,18}(?:Z|[+-][0-9:]{2,6}))?$`)

// isMadeOfWords tells prose, names of fields, paths and plain JSON from a token. Any other character
// than those between words, such as a % or a + of an encoding, makes it opaque.
func isMadeOfWords(text string, said map[string]bool) bool {
	address := urlForm.ReplaceAllString(text, "/")
	isPath, isJSON := strings.HasPrefix(address, "/"), strings.Contains(text, `"`)
	isBetween := func(r rune) bool { return r == '/' || isJSON && strings.ContainsRune("{}[]\",:", r) }
	for _, part := range strings.FieldsFunc(address, isBetween) {
		isKnown := said[part] || isPath && shortForm.MatchString(part) || isJSON && countForm.MatchString(part)
		if !isKnown && (!wordForm.MatchString(part) || isPassphrase(part)) {
			return false
		}
	}
	return true
}

// isPassphrase tells words that are joined as a token may be from the names that the API has.
func isPassphrase(text string) bool {
	joints := strings.Count(text, "-") + strings.Count(text, "_")
	return joints > 1 && !apiNames[strings.ToLower(text)]
}

// apiNames are the names of three and more words that the API's own messages have: fields, headers and
// Meta's permissions.
var apiNames = map[string]bool{
	"meta_phone_number_id": true, "phone_number_id": true, "whatsapp_business_account_id": true,
	"x-api-key": true, "x-correlation-id": true,
	"whatsapp_business_messaging": true, "whatsapp_business_management": true, "instagram_manage_messages": true,
}

var (
	// urlForm is how an address begins.
	urlForm = regexp.MustCompile(`^https?://`)
	// wordForm is a word of a language, with or without cases, one in capitals, or several joined.
	wordForm = regexp.MustCompile(`^(?:\p{Lu}+|[\p{Lo}\p{Lm}\p{M}\p{Po}]+|(?:\p{Lu}\p{Ll}{2,}){2,5}|\p{L}\p{Ll}*(?:[-_.:,;()'@=]\p{L}\p{Ll}*)*)$`)
	// shortForm is a part of a path that is too short for one of a token, such as an API's version.
	shortForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,5}$`)
	// countForm is a number in JSON.
	countForm = regexp.MustCompile(`^[0-9]{1,9}$`)
)

// said are the words that this process sent, but for the token: a server that repeats them shows
// nothing new.
func (c call) said() map[string]bool {
	said := map[string]bool{c.path(): true}
	for _, element := range c.elements {
		said[element], said[url.PathEscape(element)] = true, true
	}
	if number, ok := c.body.(NewPhoneNumber); ok {
		for _, value := range append(strings.Fields(number.DisplayName), number.MetaPhoneNumberID, number.Platform) {
			said[value] = true
		}
	}
	return said
}

// correlationForm is what a server's correlation id looks like: words, hexadecimal numbers, UUIDs and
// ULIDs, with a sign between them, or anything short behind a name that says what it is; a place may end
// it. Anything else of 10 and more characters may be a token, and so may words without a digit or a name.
var correlationForm = regexp.MustCompile(`^(?:` + correlationName + `[A-Za-z0-9]{1,24}|(?:(?:[A-Z]?[a-z]+|[0-9a-f]+|[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}|[0-9A-HJKMNP-TV-Z]{26})(?:[-_.:=/]|$|-[A-Z]{3}$))+)$`)

const correlationName = `(?i:req|request|corr|correlation|trace)[-_]`

var correlationNamed = regexp.MustCompile(`^` + correlationName)

// longestCorrelationID bounds a server's correlation id, in bytes. W3C's traceparent has 55.
const longestCorrelationID = 64

// correlationID returns a server's correlation id, or nothing for what is none or may be a token.
// sent is the one that it was given, which it may repeat.
func correlationID(text, sent string) string {
	isShort := len(text) < shortestToken && strings.Trim(text, letters+"0123456789-_.:=/+") == ""
	isNamed := strings.ContainsAny(text, "0123456789") || correlationNamed.MatchString(text)
	if text == sent || isShort || isNamed && len(text) <= longestCorrelationID && correlationForm.MatchString(text) {
		return text
	}
	return ""
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// redirectTarget is where a redirect leads, less what may hold a secret.
func (c *Client) redirectTarget(call call, header http.Header) string {
	target, err := url.Parse(header.Get("Location"))
	if err != nil || target.String() == "" {
		return "an unnamed place"
	}
	host := target.Host
	for label := range strings.FieldsFuncSeq(target.Hostname(), func(r rune) bool { return r == '.' }) {
		if len(label) >= shortestToken && (!wordForm.MatchString(label) || isPassphrase(label)) && target.Hostname() != c.baseURL.Hostname() {
			host = Redacted
		}
	}
	path := withoutOpaqueWords(target.EscapedPath(), call.said())
	if host == "" {
		return path
	}
	return target.Scheme + "://" + host + path
}

// metaTokenForm are Meta's own tokens, which begin so, in plain and in base64: no name, id or address
// does that goes on as long.
var metaTokenForm = regexp.MustCompile(`(?:EAA|IGAA|IGQV|RUFB|SUdBQ|SUdRV)[A-Za-z0-9_+/-]{20,}`)

// rowTokens are the access tokens that the rows of a page give, which other fields of them are searched
// for.
type rowTokens struct {
	all      []string
	shortest int     // bytes
	held     Secrets // all of them, once a field is as long as one
	isHeld   bool
}

func (t *rowTokens) add(token string) {
	if token == "" {
		return
	}
	if len(t.all) == 0 || len(token) < t.shortest {
		t.shortest = len(token)
	}
	t.all = append(t.all, token)
}

func (t *rowTokens) redact(text string) string {
	if len(t.all) == 0 || len(text) < t.shortest {
		return text
	}
	if !t.isHeld {
		for _, token := range t.all {
			t.held.Hold(token)
		}
		t.isHeld = true
	}
	return t.held.Redact(text)
}

// field is a text of a server's row, less the secrets that this process knows, the tokens of the same
// page, and whatever is a token by its form.
func (c *Client) field(text string, tokens *rowTokens) string {
	return metaTokenForm.ReplaceAllString(tokens.redact(c.secrets.Redact(text)), Redacted)
}
