import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.security.Permission;
import java.util.ArrayList;
import java.util.List;

import org.apache.kafka.common.utils.Exit;

/**
 * Runs command-line tools of Apache Kafka one after the other in one JVM: each one's main method, with the arguments and the standard
 * input that it was sent, and with what it prints and its exit status sent back. The tools are Kafka's own classes, unchanged; only the
 * end of the process is taken from them.
 *
 * On stdin and stdout: an int counts the fields of a request, and every field is an int and as many bytes. A request is class, standard
 * input, arguments...; an answer is exit status (an int), standard output, standard error.
 */
public final class ToolServer {
    /** Thrown where a tool would have ended the process. */
    private static final class Ended extends Error {
        final int status;

        Ended(int status) {
            super("exit " + status, null, false, false);
            this.status = status;
        }
    }

    /** The status of the first exit: a tool that catches everything goes on, and nobody would have seen what it does then. */
    private static volatile Integer status;
    /** True from that exit to the hooks that run after it. */
    private static volatile boolean ended;
    private static final List<Runnable> hooks = new ArrayList<>();

    /** Where what is printed goes now. Tools and their loggers keep the streams that they found first: those must stay the same. */
    private static final class Gathered extends OutputStream {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        @Override public synchronized void write(int one) {
            if (!ended) bytes.write(one);
        }

        @Override public synchronized void write(byte[] some, int start, int count) {
            if (!ended) bytes.write(some, start, count);
        }

        synchronized byte[] take() {
            byte[] all = bytes.toByteArray();
            bytes.reset();
            return all;
        }
    }

    public static void main(String[] none) throws Exception {
        DataInputStream requests = new DataInputStream(System.in);
        DataOutputStream answers = new DataOutputStream(System.out);
        Gathered output = new Gathered();
        Gathered errors = new Gathered();
        System.setOut(new PrintStream(output, true, "UTF-8"));
        System.setErr(new PrintStream(errors, true, "UTF-8"));
        takeTheExits();
        while (true) {
            int fields;
            try {
                fields = requests.readInt();
            } catch (EOFException end) {
                Runtime.getRuntime().halt(0);
                return;
            }
            String name = new String(field(requests), "UTF-8");
            System.setIn(new ByteArrayInputStream(field(requests)));
            String[] arguments = new String[fields - 2];
            for (int i = 0; i < arguments.length; i++) arguments[i] = new String(field(requests), "UTF-8");
            status = null;
            ended = false;
            hooks.clear();
            // A thread of its own: what a tool leaves in thread locals or interrupts stays there.
            Thread tool = new Thread(() -> call(name, arguments), "tool");
            tool.start();
            tool.join();
            ended = false;
            for (Runnable hook : new ArrayList<>(hooks)) {
                Thread thread = new Thread(hook, "shutdown-hook");
                thread.start();
                thread.join(10_000);
            }
            System.out.flush();
            System.err.flush();
            answers.writeInt(status == null ? 0 : status);
            for (byte[] printed : new byte[][] {output.take(), errors.take()}) {
                answers.writeInt(printed.length);
                answers.write(printed);
            }
            answers.flush();
        }
    }

    private static byte[] field(DataInputStream requests) throws Exception {
        return requests.readNBytes(requests.readInt());
    }

    private static void call(String name, String[] arguments) {
        try {
            Class.forName(name).getMethod("main", String[].class).invoke(null, (Object) arguments);
        } catch (InvocationTargetException thrown) {
            if (!(thrown.getCause() instanceof Ended)) {
                thrown.getCause().printStackTrace();
                end(1);
            }
        } catch (ReflectiveOperationException thrown) {
            thrown.printStackTrace();
            end(1);
        }
    }

    private static void end(int wanted) {
        System.out.flush();
        System.err.flush();
        if (status == null) status = wanted;
        ended = true;
    }

    @SuppressWarnings({"deprecation", "removal"})
    private static void takeTheExits() {
        Exit.Procedure procedure = (wanted, message) -> {
            end(wanted);
            throw new Ended(wanted);
        };
        Exit.setExitProcedure(procedure);
        Exit.setHaltProcedure(procedure);
        Exit.setShutdownHookAdder((name, hook) -> hooks.add(hook));
        System.setSecurityManager(new SecurityManager() {
            @Override public void checkExit(int wanted) {
                end(wanted);
                throw new Ended(wanted);
            }

            @Override public void checkPermission(Permission permission) { }

            @Override public void checkPermission(Permission permission, Object context) { }
        });
    }
}
