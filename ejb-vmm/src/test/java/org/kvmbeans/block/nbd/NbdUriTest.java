package org.kvmbeans.block.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NbdUriTest {
    @Test
    void takesThePathWithoutItsFirstSlashForTheExport() {
        assertThat(NbdUri.parse("nbd://example.com/disk").export()).isEqualTo("disk");
        assertThat(NbdUri.parse("nbd://example.com//disk").export()).isEqualTo("/disk");
        assertThat(NbdUri.parse("nbd://example.com/hello%20world").export()).isEqualTo("hello world");
        assertThat(NbdUri.parse("nbd://example.com/").export()).isEmpty();
        assertThat(NbdUri.parse("nbd://example.com").export()).isEmpty();
        assertThat(NbdUri.parse("nbd+unix:///disk?socket=/run/s").export()).isEqualTo("disk");
    }

    @Test
    void takesThePortOfTheProtocolWhereNoneIsSaid() {
        assertThat(NbdUri.parse("nbd://example.com/x").address()).isEqualTo(new NbdAddress.Tcp("example.com", 10809));
        assertThat(NbdUri.parse("nbds://[::1]:99/x").address()).isEqualTo(new NbdAddress.Tcp("::1", 99));
    }

    @Test
    void takesThePathOfASocketAsItIs() {
        assertThat(NbdUri.parse("nbd+unix:///?socket=/a+b%20c").address()).isEqualTo(new NbdAddress.Unix("/a+b c"));
    }

    @Test
    void asksForTlsByTheScheme() {
        assertThat(NbdUri.parse("nbds://h/x").tls()).isTrue();
        assertThat(NbdUri.parse("nbds+unix:///x?socket=s&tls-hostname=h").tls()).isTrue();
        assertThat(NbdUri.parse("nbd://h/x").tls()).isFalse();
        assertThat(NbdUri.parse("nbds://h/x").certificateName()).isEqualTo("h");
        assertThat(NbdUri.parse("nbds://h/x?tls-hostname=other").certificateName())
                .isEqualTo("other");
        assertThat(NbdUri.parse("nbds+unix:///x?socket=s").certificateName()).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nbd:host:10809:exportname=x",
                "http://h/x",
                "nbd:///x",
                "nbd://h/x?socket=s",
                "nbd://user@h/x",
                "nbd://h:99999/x",
                "nbd://h/x?tls-verify-peer=0",
                "nbd+unix:///x",
                "nbd+unix:///x?socket=",
                "nbd+unix:///x?socket=%00abstract",
                "nbd+unix://h/x?socket=s",
                "nbd://h/a%00b",
                "nbd://h/x#fragment",
                "nbd://h h/x",
                "x"
            })
    void refusesWhatIsNoAddress(String uri) {
        assertThatThrownBy(() -> NbdUri.parse(uri)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void writesWhatItReads() {
        for (String uri : new String[] {
            "nbd://h:10809/x",
            "nbds://[::1]:99/",
            "nbd+unix:///x?socket=/run/s",
            "nbds+unix:///x?socket=/run/s&tls-hostname=h",
            "nbd://h:1/hello%20world%3F",
            "nbd+unix:///a%23b?socket=/a%26b"
        }) {
            assertThat(NbdUri.parse(uri)).hasToString(uri);
        }
    }
}
