package main

import (
	"fmt"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// confluentGo is confluentinc/confluent-kafka-go, librdkafka through cgo.
type confluentGo struct{}

func (confluentGo) produce(bootstrap, topic, codec string, idempotent bool, records []record) error {
	producer, err := kafka.NewProducer(secureConfluent(kafka.ConfigMap{
		"bootstrap.servers": bootstrap, "acks": "all", "compression.type": codec, "enable.idempotence": idempotent, "linger.ms": 5,
	}))
	if err != nil {
		return err
	}
	defer producer.Close()
	deliveries := make(chan kafka.Event, len(records))
	for _, r := range records {
		sent := &kafka.Message{
			TopicPartition: kafka.TopicPartition{Topic: &topic, Partition: kafka.PartitionAny},
			Key:            r.Key, Value: r.Value, Timestamp: time.UnixMilli(r.Timestamp),
		}
		for _, h := range r.Headers {
			sent.Headers = append(sent.Headers, kafka.Header{Key: h.name, Value: h.value})
		}
		if err := producer.Produce(sent, deliveries); err != nil {
			return err
		}
	}
	for range records {
		if err := (<-deliveries).(*kafka.Message).TopicPartition.Error; err != nil {
			return err
		}
	}
	return nil
}

func (confluentGo) consumer(bootstrap, group string) (*kafka.Consumer, error) {
	return kafka.NewConsumer(secureConfluent(kafka.ConfigMap{
		"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": false,
		"session.timeout.ms": 10_000, "heartbeat.interval.ms": 500,
	}))
}

func sayConfluent(message *kafka.Message) {
	line := record{
		Partition: message.TopicPartition.Partition, Offset: int64(message.TopicPartition.Offset), Key: message.Key, Value: message.Value,
		Timestamp: message.Timestamp.UnixMilli(),
	}
	for _, h := range message.Headers {
		line.Headers = append(line.Headers, header{h.Key, h.Value})
	}
	sayRecord(line)
}

func (library confluentGo) member(bootstrap, topic, group string, commands <-chan string) error {
	consumer, err := library.consumer(bootstrap, group)
	if err != nil {
		return err
	}
	owned := newOwned()
	numbers := func(places []kafka.TopicPartition) (numbers []int32) {
		for _, place := range places {
			numbers = append(numbers, place.Partition)
		}
		return numbers
	}
	err = consumer.Subscribe(topic, func(consumer *kafka.Consumer, event kafka.Event) error {
		switch change := event.(type) {
		case kafka.AssignedPartitions:
			owned.change(numbers(change.Partitions), nil)
		case kafka.RevokedPartitions:
			if err := library.commit(consumer); err != nil {
				return err
			}
			owned.change(nil, numbers(change.Partitions))
		}
		return nil
	})
	if err != nil {
		return err
	}
	for {
		select {
		case command := <-commands:
			if command == "stop" {
				return consumer.Close()
			}
			if err := library.commit(consumer); err != nil {
				return err
			}
			sayCommitted()
		default:
		}
		switch event := consumer.Poll(50).(type) {
		case *kafka.Message:
			sayConfluent(event)
		case kafka.Error:
			return event
		}
	}
}

// commit writes the positions; there is nothing to write before the first record.
func (confluentGo) commit(consumer *kafka.Consumer) error {
	_, err := consumer.Commit()
	if failed, is := err.(kafka.Error); is && failed.Code() == kafka.ErrNoOffset {
		return nil
	}
	return err
}

func (library confluentGo) seek(bootstrap, topic string, partition int32, timeMs int64, count int) (bool, error) {
	consumer, err := library.consumer(bootstrap, "unused")
	if err != nil {
		return false, err
	}
	defer consumer.Close()
	wanted := []kafka.TopicPartition{{Topic: &topic, Partition: partition, Offset: kafka.Offset(timeMs)}}
	found, err := consumer.OffsetsForTimes(wanted, 30_000)
	if err != nil || found[0].Offset < 0 {
		return false, err
	}
	if err := consumer.Assign(found); err != nil {
		return false, err
	}
	deadline := time.Now().Add(30 * time.Second)
	for count > 0 {
		if time.Now().After(deadline) {
			return false, fmt.Errorf("%d records are missing", count)
		}
		switch event := consumer.Poll(100).(type) {
		case *kafka.Message:
			sayConfluent(event)
			count--
		case kafka.Error:
			return false, event
		}
	}
	return true, nil
}
