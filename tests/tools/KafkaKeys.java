import java.util.*;
import java.util.regex.*;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.ConfigDef.ConfigKey;
import org.apache.kafka.coordinator.group.GroupConfig;
import org.apache.kafka.server.config.AbstractKafkaConfig;
import org.apache.kafka.server.config.DynamicBrokerConfig;
import org.apache.kafka.server.config.ServerTopicConfigSynonyms;
import org.apache.kafka.server.metrics.ClientMetricsConfigs;
import org.apache.kafka.storage.internals.log.LogConfig;

/** Prints every configuration key of Apache Kafka, one a line, and which of some values it takes: facts to compare our table with. */
class KafkaKeys {
    static final String[] NUMBERS = {"-2147483649", "-3", "-2", "-1", "0", "1", "2", "9", "10", "2147483647", "2147483648",
        "9223372036854775808", "1.5", "ten", ""};
    static final String[] TEXTS = {"", "nonsense", "a,b", "a,a", "a,,b", "*", "none,true"};

    public static void main(String[] args) {
        Map<String, String> modes = DynamicBrokerConfig.dynamicConfigUpdateModes();
        print("topic", LogConfig.configDefCopy(), modes);
        print("broker", AbstractKafkaConfig.CONFIG_DEF, modes);
        print("group", GroupConfig.CONFIG_DEF, modes);
        print("client_metrics", ClientMetricsConfigs.configDef(), modes);
    }

    static void print(String table, ConfigDef keys, Map<String, String> modes) {
        for (ConfigKey key : new TreeMap<>(keys.configKeys()).values()) {
            StringJoiner taken = new StringJoiner("|"), refused = new StringJoiner("|");
            for (String value : values(key)) (takes(key, value) ? taken : refused).add("'" + value + "'");
            String inherited = "-";
            if (table.equals("topic") && ServerTopicConfigSynonyms.ALL_TOPIC_CONFIG_SYNONYMS.containsKey(key.name)) {
                StringJoiner names = new StringJoiner(",");
                ServerTopicConfigSynonyms.ALL_TOPIC_CONFIG_SYNONYMS.get(key.name).forEach(synonym -> names.add(synonym.name()));
                inherited = names.toString();
            }
            System.out.println(String.join("\t", table, key.name, key.type.name().toLowerCase(Locale.ROOT), fallback(key),
                key.importance.name().toLowerCase(Locale.ROOT), key.internalConfig ? "internal" : "public",
                table.equals("broker") ? modes.getOrDefault(key.name, "read-only") : "-", inherited,
                taken.toString(), refused.toString()).replace("\n", "\\n"));
        }
    }

    static String fallback(ConfigKey key) {
        if (!key.hasDefault()) return "(required)";
        if (key.defaultValue == null) return "(null)";
        return "'" + ConfigDef.convertToString(key.defaultValue, key.type) + "'";
    }

    /** What the validator's own text names, a step to either side of every number, and some that are always tried. */
    static Set<String> values(ConfigKey key) {
        Set<String> values = new LinkedHashSet<>();
        String text = key.validator == null ? "" : key.validator.toString();
        switch (key.type) {
            case SHORT, INT, LONG -> {
                Matcher numbers = Pattern.compile("-?\\d+").matcher(text);
                while (numbers.find()) {
                    java.math.BigInteger number = new java.math.BigInteger(numbers.group());
                    for (int step = -1; step <= 1; step++) values.add(number.add(java.math.BigInteger.valueOf(step)).toString());
                }
                values.addAll(List.of(NUMBERS));
            }
            case DOUBLE -> values.addAll(List.of("-0.1", "0", "0.25", "0.5", "0.6", "1", "1.1", "ten", ""));
            case BOOLEAN -> values.addAll(List.of("true", "FALSE", "yes", "1", ""));
            case CLASS -> { }
            default -> {
                values.addAll(List.of(TEXTS));
                Matcher names = Pattern.compile("[A-Za-z][A-Za-z0-9_.]+").matcher(text.contains("[") ? text.substring(text.indexOf('[')) : "");
                while (names.find()) {
                    values.add(names.group());
                    values.add(names.group().toUpperCase(Locale.ROOT));
                    values.add(names.group().toLowerCase(Locale.ROOT));
                    values.add(names.group() + "," + names.group());
                }
                if (key.name.endsWith("throttled.replicas")) values.addAll(List.of("0:1", "0:1,2:3", "0-1"));
                if (key.name.endsWith("offset.reset")) values.addAll(List.of("by_duration:PT1H", "by_duration:P1D", "by_duration:-PT1H", "by_duration:P1Y"));
                if (key.hasDefault() && key.defaultValue != null) values.add(ConfigDef.convertToString(key.defaultValue, key.type));
            }
        }
        return values;
    }

    static boolean takes(ConfigKey key, String value) {
        try {
            Object parsed = ConfigDef.parseType(key.name, value, key.type);
            if (key.validator != null) key.validator.ensureValid(key.name, parsed);
            return true;
        } catch (ConfigException refused) {
            return false;
        }
    }
}
