package dev.fanfare.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/// Brings the classes of libraries that were compiled for a Java before 6 into the form that the JVM can keep in a
/// cache
/// of quick starts. Without it each start verifies these classes anew, in the old and slow way. The code stays what it
/// is; what is added are its stack maps. docs/decisions/0011-quick-starts.md has the figures.
///
/// The launcher runs this once, after a build. It is of no use to anybody else.
final class OldClasses {

    /// The first form with stack maps that all JVMs of today check them by.
    private static final int FORM = ClassFile.JAVA_8_VERSION;

    private OldClasses() {}

    /// Goes through the libraries in the folder that is named.
    public static void main(String[] args) throws IOException {
        List<Path> jars;
        try (Stream<Path> files = Files.list(Path.of(args[0]))) {
            jars = files.filter(file -> file.toString().endsWith(".jar")).toList();
        }
        URL[] all = jars.stream().map(OldClasses::address).toArray(URL[]::new);
        try (URLClassLoader types = new URLClassLoader(all, ClassLoader.getPlatformClassLoader())) {
            ClassFile reader = ClassFile.of(
                    ClassFile.ClassHierarchyResolverOption.of(ClassHierarchyResolver.ofClassLoading(types)));
            for (Path jar : jars) {
                int classes = renew(jar, reader);
                if (classes > 0) {
                    System.out.println(jar.getFileName() + ": " + classes + " classes");
                }
            }
        }
    }

    private static URL address(Path jar) {
        try {
            return jar.toUri().toURL();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /// Renews what is old in one library.
    ///
    /// @return how many classes that were; the file is not touched if there are none
    private static int renew(Path library, ClassFile reader) throws IOException {
        Path renewed = library.resolveSibling(library.getFileName() + ".new");
        int classes = 0;
        try (JarFile jar = new JarFile(library.toFile())) {
            List<JarEntry> entries = new ArrayList<>(Collections.list(jar.entries()));
            if (entries.stream().noneMatch(entry -> isOld(jar, entry))) {
                return 0;
            }
            try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(renewed))) {
                for (JarEntry entry : entries) {
                    byte[] bytes = bytes(jar, entry);
                    if (isOld(jar, entry)) {
                        bytes = renew(reader, reader.parse(bytes));
                        classes++;
                    }
                    out.putNextEntry(new JarEntry(entry.getName()));
                    out.write(bytes);
                    out.closeEntry();
                }
            }
        }
        // A process that has the old file open keeps it.
        Files.move(renewed, library, StandardCopyOption.REPLACE_EXISTING);
        return classes;
    }

    private static boolean isOld(JarFile jar, JarEntry entry) {
        if (!entry.getName().endsWith(".class")) {
            return false;
        }
        try (InputStream in = jar.getInputStream(entry)) {
            byte[] head = in.readNBytes(8);
            return head.length == 8 && ((head[6] & 0xff) << 8 | head[7] & 0xff) < ClassFile.JAVA_6_VERSION;
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static byte[] bytes(JarFile jar, JarEntry entry) throws IOException {
        try (InputStream in = jar.getInputStream(entry)) {
            return in.readAllBytes();
        }
    }

    /// The same class in the new form; its methods are written anew, so that their stack maps are computed.
    private static byte[] renew(ClassFile writer, ClassModel old) {
        return writer.transformClass(
                old,
                ClassTransform.transformingMethodBodies((code, element) -> code.with(element))
                        .andThen((type, element) -> {
                            if (element instanceof ClassFileVersion) {
                                type.withVersion(FORM, 0);
                            } else {
                                type.with(element);
                            }
                        }));
    }
}
