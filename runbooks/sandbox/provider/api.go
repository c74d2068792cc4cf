package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// errNotFound says that an object does not exist any more.
var errNotFound = errors.New("not found")

// An api is a client of the network's control API.
type api struct {
	endpoint, token string
	http            *http.Client
}

func newAPI(endpoint, token string) *api {
	return &api{endpoint, token, &http.Client{Timeout: 30 * time.Second}}
}

// call sends in, unless it is nil, and reads the answer into out, unless it is
// nil. The error of a refusal is the sentence the network gave; that of a missing
// object wraps errNotFound.
func (a *api) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.endpoint+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	resp, err := a.http.Do(req)
	if err != nil {
		return fmt.Errorf("reach the control API: %w", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("read the answer of the control API: %w", err)
	}
	if resp.StatusCode >= 300 {
		return refusal(resp.StatusCode, b)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fmt.Errorf("read the answer of the control API: %w", err)
	}
	return nil
}

func refusal(status int, body []byte) error {
	var said struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &said) != nil || said.Error == "" {
		said.Error = "the control API answered " + http.StatusText(status)
	}
	if status == http.StatusNotFound {
		return fmt.Errorf("%w: %s", errNotFound, said.Error)
	}
	return errors.New(said.Error)
}
