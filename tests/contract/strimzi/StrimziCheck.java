import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.strimzi.api.kafka.model.kafka.Kafka;
import io.strimzi.api.kafka.model.nodepool.KafkaNodePool;
import io.strimzi.api.kafka.model.user.KafkaUser;
import java.lang.reflect.Method;
import java.util.Collection;
import java.util.Map;

/** Reads resources (a JSON array on standard input) into Strimzi's own model; prints each field it has no place for. */
public final class StrimziCheck {
    private static final Map<String, Class<?>> KINDS =
        Map.of("Kafka", Kafka.class, "KafkaNodePool", KafkaNodePool.class, "KafkaUser", KafkaUser.class);

    public static void main(String[] arguments) throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        for (JsonNode each : mapper.readTree(System.in)) {
            String kind = each.at("/kind").asText();
            String name = kind + " " + each.at("/metadata/name").asText();
            try {
                look(name, mapper.treeToValue(each, KINDS.get(kind)));
            } catch (JsonProcessingException error) {
                System.out.println(name + ": " + error.getOriginalMessage());
            }
        }
    }

    private static void look(String where, Object value) throws Exception {
        if (value instanceof Collection<?> many) {
            int number = 0;
            for (Object one : many) {
                String place = where + "[" + number++ + "]";
                if (one == null) System.out.println(place + ": unknown value"); // how the model reads a word it does not know
                look(place, one);
            }
        } else if (value != null && !(value instanceof Enum<?>) && ofTheModel(value.getClass())) {
            for (Method method : value.getClass().getMethods()) {
                if (method.getParameterCount() == 0 && method.getName().startsWith("get") && !method.isBridge()) {
                    into(where, method.getName().substring(3), method.invoke(value));
                }
            }
        }
    }

    private static void into(String where, String name, Object value) throws Exception {
        if (!name.equals("AdditionalProperties")) {
            look(where + "." + name, value);
        } else if (value != null) {
            for (Object key : ((Map<?, ?>) value).keySet()) System.out.println(where + ": unknown field " + key);
        }
    }

    private static boolean ofTheModel(Class<?> type) {
        return type.getName().startsWith("io.strimzi.") || type.getName().startsWith("io.fabric8.");
    }
}
