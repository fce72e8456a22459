import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.DeadLetterPublishingRecoverer;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.util.backoff.FixedBackOff;

/**
 * What people write with Spring Kafka: a listener in a group, three consumers of it, that answers each order with a KafkaTemplate; an order
 * that it cannot take is tried again and then goes to the dead-letter topic, with the headers that say where it came from.
 *
 * Arguments: bootstrap, topic, how many orders. It ends when it has dealt with so many, and prints each attempt.
 */
@Configuration
@EnableKafka
public class Application {
    private static String bootstrap;
    private static String topic;
    private static CountDownLatch left;

    @Autowired @Lazy
    private KafkaTemplate<String, String> template;

    public static void main(String[] arguments) throws Exception {
        bootstrap = arguments[0];
        topic = arguments[1];
        int count = Integer.parseInt(arguments[2]);
        left = new CountDownLatch(count);
        System.setProperty("orders", topic);
        try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext(Application.class)) {
            KafkaTemplate<String, String> template = context.getBean(KafkaTemplate.class);
            for (int number = 0; number < count; number++) {
                template.send(topic, "team-" + number % 7, "order " + number).get();
            }
            left.await();
        }
    }

    @Bean
    public DefaultKafkaProducerFactory<String, String> producerFactory() {
        Map<String, Object> settings = new HashMap<>();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("key.serializer", StringSerializer.class);
        settings.put("value.serializer", StringSerializer.class);
        return new DefaultKafkaProducerFactory<>(settings);
    }

    @Bean
    public KafkaTemplate<String, String> kafkaTemplate(DefaultKafkaProducerFactory<String, String> producerFactory) {
        return new KafkaTemplate<>(producerFactory);
    }

    @Bean
    public ConcurrentKafkaListenerContainerFactory<String, String> kafkaListenerContainerFactory(KafkaTemplate<String, String> kafkaTemplate) {
        Map<String, Object> settings = new HashMap<>();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("auto.offset.reset", "earliest");
        settings.put("key.deserializer", StringDeserializer.class);
        settings.put("value.deserializer", StringDeserializer.class);
        ConcurrentKafkaListenerContainerFactory<String, String> factory = new ConcurrentKafkaListenerContainerFactory<>();
        factory.setConsumerFactory(new DefaultKafkaConsumerFactory<>(settings));
        factory.setConcurrency(3);
        DefaultErrorHandler errors = new DefaultErrorHandler(
            (record, thrown) -> {
                new DeadLetterPublishingRecoverer(kafkaTemplate).accept(record, thrown);
                left.countDown();
            },
            new FixedBackOff(20, 2));
        factory.setCommonErrorHandler(errors);
        return factory;
    }

    @KafkaListener(id = "spring-orders", topics = "${orders}")
    public void take(ConsumerRecord<String, String> order) throws Exception {
        System.out.println("attempt " + order.value());
        int number = Integer.parseInt(order.value().substring("order ".length()));
        if (number % 25 == 24) throw new IllegalStateException("cannot take " + order.value());
        template.send(topic + "-answers", order.key(), "took " + order.value()).get();
        left.countDown();
    }
}
