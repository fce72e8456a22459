package main

import (
	"context"
	"time"

	"github.com/IBM/sarama"
)

// saramaGo is IBM/sarama.
type saramaGo struct{}

func (saramaGo) config() *sarama.Config {
	config := sarama.NewConfig()
	config.Version = sarama.V3_6_0_0
	secureSarama(config)
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Offsets.AutoCommit.Enable = false
	config.Consumer.Group.Session.Timeout = 10 * time.Second
	config.Consumer.Group.Heartbeat.Interval = 500 * time.Millisecond
	config.Consumer.Return.Errors = false
	return config
}

func (library saramaGo) produce(bootstrap, topic, codec string, idempotent bool, records []record) error {
	config := library.config()
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Producer.Return.Successes = true
	config.Producer.Compression = map[string]sarama.CompressionCodec{
		"none": sarama.CompressionNone, "gzip": sarama.CompressionGZIP, "snappy": sarama.CompressionSnappy,
		"lz4": sarama.CompressionLZ4, "zstd": sarama.CompressionZSTD,
	}[codec]
	config.Producer.Idempotent = idempotent
	// Without idempotence too: one request in flight keeps the order.
	config.Net.MaxOpenRequests = 1
	producer, err := sarama.NewSyncProducer([]string{bootstrap}, config)
	if err != nil {
		return err
	}
	defer producer.Close()
	var batch []*sarama.ProducerMessage
	for _, r := range records {
		sent := &sarama.ProducerMessage{Topic: topic, Timestamp: time.UnixMilli(r.Timestamp), Value: sarama.ByteEncoder(r.Value)}
		if r.Key != nil {
			sent.Key = sarama.ByteEncoder(r.Key)
		}
		for _, h := range r.Headers {
			sent.Headers = append(sent.Headers, sarama.RecordHeader{Key: []byte(h.name), Value: h.value})
		}
		batch = append(batch, sent)
	}
	return producer.SendMessages(batch)
}

func saySarama(message *sarama.ConsumerMessage) {
	line := record{
		Partition: message.Partition, Offset: message.Offset, Key: message.Key, Value: message.Value, Timestamp: message.Timestamp.UnixMilli(),
	}
	for _, h := range message.Headers {
		line.Headers = append(line.Headers, header{string(h.Key), h.Value})
	}
	sayRecord(line)
}

// saramaMember handles the sessions of one member.
type saramaMember struct {
	topic   string
	owned   *owned
	commits chan struct{}
}

func (m *saramaMember) Setup(session sarama.ConsumerGroupSession) error {
	m.owned.change(session.Claims()[m.topic], nil)
	go func() {
		for {
			select {
			case <-session.Context().Done():
				return
			case <-m.commits:
				session.Commit()
				sayCommitted()
			}
		}
	}()
	return nil
}

func (m *saramaMember) Cleanup(session sarama.ConsumerGroupSession) error {
	session.Commit()
	m.owned.change(nil, session.Claims()[m.topic])
	return nil
}

func (m *saramaMember) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for message := range claim.Messages() {
		saySarama(message)
		session.MarkMessage(message, "")
	}
	return nil
}

func (library saramaGo) member(bootstrap, topic, group string, commands <-chan string) error {
	client, err := sarama.NewConsumerGroup([]string{bootstrap}, group, library.config())
	if err != nil {
		return err
	}
	handler := &saramaMember{topic: topic, owned: newOwned(), commits: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		for ctx.Err() == nil {
			if err := client.Consume(ctx, []string{topic}, handler); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for {
		select {
		case err := <-done:
			cancel()
			return err
		case command := <-commands:
			if command == "commit" {
				handler.commits <- struct{}{}
				continue
			}
			cancel()
			if err := <-done; err != nil {
				return err
			}
			return client.Close()
		}
	}
}

func (library saramaGo) seek(bootstrap, topic string, partition int32, timeMs int64, count int) (bool, error) {
	client, err := sarama.NewClient([]string{bootstrap}, library.config())
	if err != nil {
		return false, err
	}
	defer client.Close()
	offset, err := client.GetOffset(topic, partition, timeMs)
	if err != nil || offset < 0 {
		return false, err
	}
	consumer, err := sarama.NewConsumerFromClient(client)
	if err != nil {
		return false, err
	}
	claim, err := consumer.ConsumePartition(topic, partition, offset)
	if err != nil {
		return false, err
	}
	for ; count > 0; count-- {
		saySarama(<-claim.Messages())
	}
	return true, claim.Close()
}
