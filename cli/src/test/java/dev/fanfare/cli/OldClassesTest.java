package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.Opcode;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A library that was compiled for an old Java does the same after [OldClasses], and is in the new form.
class OldClassesTest {

    private static final int JAVA_5 = 49;

    @TempDir
    private Path folder;

    @Test
    void anOldClassIsRenewedAndDoesTheSame() throws Exception {
        Path old = library("old.jar", JAVA_5);

        OldClasses.main(new String[] {folder.toString()});

        assertThat(form(old)).isGreaterThan(JAVA_5);
        try (JarFile jar = new JarFile(old.toFile())) {
            assertThat(jar.getEntry("notes.txt")).isNotNull();
        }
        assertThat(larger(old, 3, 9)).isEqualTo(9);
        assertThat(larger(old, 9, 3)).isEqualTo(9);
        assertThat(folder).isDirectoryNotContaining("glob:**.new");
    }

    @Test
    void whatIsNotOldIsNotTouched() throws Exception {
        Path library = library("library.jar", ClassFile.JAVA_17_VERSION);
        byte[] before = Files.readAllBytes(library);

        OldClasses.main(new String[] {folder.toString()});

        assertThat(library).hasBinaryContent(before);
    }

    /// A jar with the class `Larger`, whose `of(a, b)` branches: what has stack maps in newer forms.
    private Path library(String name, int form) throws IOException {
        ClassFile writer = ClassFile.of(
                form < ClassFile.JAVA_6_VERSION
                        ? ClassFile.StackMapsOption.DROP_STACK_MAPS
                        : ClassFile.StackMapsOption.GENERATE_STACK_MAPS);
        byte[] type = writer.build(
                ClassDesc.of("Larger"),
                larger -> larger.withVersion(form, 0)
                        .withFlags(ClassFile.ACC_PUBLIC)
                        .withMethodBody(
                                "of",
                                MethodTypeDesc.of(ConstantDescs.CD_int, ConstantDescs.CD_int, ConstantDescs.CD_int),
                                ClassFile.ACC_PUBLIC | ClassFile.ACC_STATIC,
                                code -> code.iload(0)
                                        .iload(1)
                                        .ifThenElse(
                                                Opcode.IF_ICMPLT,
                                                second -> second.iload(1).ireturn(),
                                                first -> first.iload(0).ireturn())));
        Path jar = folder.resolve(name);
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
            out.putNextEntry(new JarEntry("Larger.class"));
            out.write(type);
            out.closeEntry();
            out.putNextEntry(new JarEntry("notes.txt"));
            out.write("what else is in it".getBytes(StandardCharsets.UTF_8));
            out.closeEntry();
        }
        return jar;
    }

    private static int form(Path jar) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            return ClassFile.of()
                    .parse(file.getInputStream(file.getEntry("Larger.class")).readAllBytes())
                    .majorVersion();
        }
    }

    private static Object larger(Path jar, int a, int b) throws Exception {
        try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, null)) {
            return loader.loadClass("Larger")
                    .getMethod("of", int.class, int.class)
                    .invoke(null, a, b);
        }
    }
}
