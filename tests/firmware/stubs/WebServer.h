#pragma once
#include <functional>

#include "Arduino.h"
typedef enum { HTTP_GET = 1, HTTP_POST = 3 } HTTPMethod;
class Uri {
 public:
  Uri(const char* uri);
  Uri(const String& uri);
};
class WebServer {
 public:
  WebServer(IPAddress addr, int port = 80);
  WebServer(int port = 80);
  virtual ~WebServer();
  virtual void begin();
  virtual void handleClient();
  virtual void close();
  void stop();
  typedef std::function<void(void)> THandlerFunction;
  void on(const Uri& uri, HTTPMethod method, THandlerFunction fn);
  void onNotFound(THandlerFunction fn);
  String arg(const String& name);
  void send(int code, const char* content_type = nullptr, const String& content = String(""));
  void send(int code, const char* content_type, const char* content);
  void sendHeader(const String& name, const String& value, bool first = false);
};
