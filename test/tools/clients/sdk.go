// Speaks to the API as the vendor's Go SDK does: by plain http where it is told to, with a login first, and with one
// more login and try where an answer is 401.
//
// Modes: "loop" until the file STOP exists; "error" asks for an alert that there is none of.
// Environment: PRISMACLOUD_URL (without a scheme), PRISMACLOUD_PROTOCOL, PRISMACLOUD_PORT, PRISMACLOUD_USERNAME,
// PRISMACLOUD_PASSWORD; TOKEN (one to begin with, in place of the first login); STOP.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

const pause = 50 * time.Millisecond

// reason is what the header x-redlock-status lists.
type reason struct {
	I18nKey string `json:"i18nKey"`
	Subject string `json:"subject"`
}

type sdk struct {
	token  string
	logins int
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

// Sends a request with the token of the session, which is made anew once where it is refused.
func (s *sdk) get(path string) []byte {
	if s.token == "" {
		s.login()
	}
	got := s.send("GET", path, nil)
	if got.status == 401 {
		s.login()
		got = s.send("GET", path, nil)
	}
	expectGood(path, got)
	s.checkHash(path, got)
	return got.body
}

func (s *sdk) login() {
	key := map[string]string{
		"username": os.Getenv("PRISMACLOUD_USERNAME"),
		"password": os.Getenv("PRISMACLOUD_PASSWORD"),
	}
	body, err := json.Marshal(key)
	check(err)
	s.token = ""
	got := s.send("POST", "/login", body)
	expectGood("/login", got)
	var session struct{ Token string }
	check(json.Unmarshal(got.body, &session))
	s.token = session.Token
	s.logins++
}

func (s *sdk) send(method, path string, body []byte) answer {
	base := os.Getenv("PRISMACLOUD_PROTOCOL") + "://" + os.Getenv("PRISMACLOUD_URL") + ":" + os.Getenv("PRISMACLOUD_PORT")
	request, err := http.NewRequest(method, base+path, bytes.NewReader(body))
	check(err)
	request.Header.Set("content-type", "application/json")
	if s.token != "" {
		request.Header.Set("x-redlock-auth", s.token)
	}
	response, err := http.DefaultClient.Do(request)
	check(err)
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	check(err)
	return answer{response.StatusCode, response.Header, got}
}

// The simulator tells the hash of what it sends for download.
func (s *sdk) checkHash(path string, got answer) {
	hash := sha256.Sum256(got.body)
	if told := got.header.Get("x-simulator-sha256"); told != "" && told != hex.EncodeToString(hash[:]) {
		fail("%s: not the bytes that were sent", path)
	}
}

// Ends the program where an answer is no good, and tells why as x-redlock-status does.
func expectGood(path string, got answer) {
	if got.status == 200 {
		return
	}
	var reasons []reason
	if status := got.header.Get("x-redlock-status"); status != "" {
		check(json.Unmarshal([]byte(status), &reasons))
	}
	fail("%s: %d, x-redlock-status %+v, %s", path, got.status, reasons, got.body)
}

func (s *sdk) expectList(path string, length int) {
	var list []any
	check(json.Unmarshal(s.get(path), &list))
	if len(list) != length {
		fail("%s: %d instead of %d", path, len(list), length)
	}
}

func (s *sdk) expectBytes(path string, length int) {
	if got := len(s.get(path)); got != length {
		fail("%s: %d bytes instead of %d", path, got, length)
	}
}

func (s *sdk) loop() {
	rounds := 0
	for ; rounds == 0 || !exists(os.Getenv("STOP")); rounds++ {
		s.expectList("/v2/policy?client=go", 5)
		s.expectList("/cloud", 3)
		s.expectBytes("/download?bytes=100000", 100000)
		time.Sleep(pause)
	}
	check(json.NewEncoder(os.Stdout).Encode(map[string]any{"rounds": rounds, "logins": s.logins, "token": s.token}))
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

func check(err error) {
	if err != nil {
		fail("%v", err)
	}
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}

func main() {
	s := &sdk{token: os.Getenv("TOKEN")}
	if os.Args[1] == "error" {
		s.get("/alert/none")
	} else {
		s.loop()
	}
}
