package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"os"
	"strings"

	"github.com/IBM/sarama"
	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	segmentio "github.com/segmentio/kafka-go"
	segmentiosasl "github.com/segmentio/kafka-go/sasl"
	segmentioplain "github.com/segmentio/kafka-go/sasl/plain"
	segmentioscram "github.com/segmentio/kafka-go/sasl/scram"
	"github.com/twmb/franz-go/pkg/kgo"
	franzplain "github.com/twmb/franz-go/pkg/sasl/plain"
	franzscram "github.com/twmb/franz-go/pkg/sasl/scram"
	"github.com/xdg-go/scram"
)

// A security is how to connect and who to be: DRIVER_SECURITY, as ../README.md says. Nil: no TLS, no name.
type security struct {
	Protocol, Mechanism, Username, Password, Authority string
}

func readSecurity() (*security, error) {
	text, set := os.LookupEnv("DRIVER_SECURITY")
	if !set {
		return nil, nil
	}
	s := &security{}
	return s, json.Unmarshal([]byte(text), s)
}

func (s *security) usesTLS() bool  { return strings.HasSuffix(s.Protocol, "SSL") }
func (s *security) usesSASL() bool { return strings.HasPrefix(s.Protocol, "SASL") }

func (s *security) tlsConfig() (*tls.Config, error) {
	if !s.usesTLS() {
		return nil, nil
	}
	authority, err := os.ReadFile(s.Authority)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	return &tls.Config{RootCAs: pool}, nil
}

// must ends the program: without its security a driver has nothing to do.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

var connecting = must(readSecurity())

// secureConfluent adds to a configuration of librdkafka.
func secureConfluent(config kafka.ConfigMap) *kafka.ConfigMap {
	if s := connecting; s != nil {
		config["security.protocol"] = s.Protocol
		if s.usesTLS() {
			config["ssl.ca.location"] = s.Authority
		}
		if s.usesSASL() {
			config["sasl.mechanism"], config["sasl.username"], config["sasl.password"] = s.Mechanism, s.Username, s.Password
		}
	}
	return &config
}

func secureFranz() (options []kgo.Opt) {
	s := connecting
	if s == nil {
		return nil
	}
	if config := must(s.tlsConfig()); config != nil {
		options = append(options, kgo.DialTLSConfig(config))
	}
	if !s.usesSASL() {
		return options
	}
	login := franzscram.Auth{User: s.Username, Pass: s.Password}
	switch s.Mechanism {
	case "PLAIN":
		options = append(options, kgo.SASL(franzplain.Auth{User: s.Username, Pass: s.Password}.AsMechanism()))
	case "SCRAM-SHA-256":
		options = append(options, kgo.SASL(login.AsSha256Mechanism()))
	default:
		options = append(options, kgo.SASL(login.AsSha512Mechanism()))
	}
	return options
}

// saramaScram is SCRAM for sarama, which leaves it to its users.
type saramaScram struct {
	hash         scram.HashGeneratorFcn
	conversation *scram.ClientConversation
}

func (c *saramaScram) Begin(user, password, authorizationID string) error {
	client, err := c.hash.NewClient(user, password, authorizationID)
	if err == nil {
		c.conversation = client.NewConversation()
	}
	return err
}

func (c *saramaScram) Step(challenge string) (string, error) { return c.conversation.Step(challenge) }
func (c *saramaScram) Done() bool                            { return c.conversation.Done() }

func secureSarama(config *sarama.Config) {
	s := connecting
	if s == nil {
		return
	}
	if tlsConfig := must(s.tlsConfig()); tlsConfig != nil {
		config.Net.TLS.Enable, config.Net.TLS.Config = true, tlsConfig
	}
	if !s.usesSASL() {
		return
	}
	config.Net.SASL.Enable = true
	config.Net.SASL.Mechanism = sarama.SASLMechanism(s.Mechanism)
	config.Net.SASL.User, config.Net.SASL.Password = s.Username, s.Password
	hash := scram.SHA512
	if s.Mechanism == "SCRAM-SHA-256" {
		hash = scram.SHA256
	}
	config.Net.SASL.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient { return &saramaScram{hash: hash} }
}

func segmentioMechanism() segmentiosasl.Mechanism {
	s := connecting
	switch {
	case s == nil || !s.usesSASL():
		return nil
	case s.Mechanism == "PLAIN":
		return segmentioplain.Mechanism{Username: s.Username, Password: s.Password}
	case s.Mechanism == "SCRAM-SHA-256":
		return must(segmentioscram.Mechanism(segmentioscram.SHA256, s.Username, s.Password))
	}
	return must(segmentioscram.Mechanism(segmentioscram.SHA512, s.Username, s.Password))
}

// segmentioTransport is for writers; nil is the library's own.
func segmentioTransport() segmentio.RoundTripper {
	if connecting == nil {
		return nil
	}
	return &segmentio.Transport{TLS: must(connecting.tlsConfig()), SASL: segmentioMechanism()}
}

// segmentioDialer is for readers and groups.
func segmentioDialer() *segmentio.Dialer {
	if connecting == nil {
		return segmentio.DefaultDialer
	}
	dialer := *segmentio.DefaultDialer
	dialer.TLS, dialer.SASLMechanism = must(connecting.tlsConfig()), segmentioMechanism()
	return &dialer
}
