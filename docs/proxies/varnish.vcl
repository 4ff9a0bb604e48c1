# Varnish: /etc/varnish/default.vcl. It ends any answer after ten minutes (`-p send_timeout=600`): give
# Damso PAGE_TIME_LIMIT=540. It has no TLS.

vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "3000";
}
