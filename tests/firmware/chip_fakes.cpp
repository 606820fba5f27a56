// The functions of the chip that is not there.
#include <DNSServer.h>
#include <ESPmDNS.h>
#include <WebServer.h>
#include <esp_ota_ops.h>
#include <sys/time.h>

#include <chrono>
#include <cstdio>
#include <mutex>
#include <thread>

#include "chip.h"

Chip chip;
HWCDC HWCDCSerial;
EspClass ESP;
WiFiClass WiFi;
SPIClass SPI;
fs::LittleFSFS LittleFS;
fs::SDFS SD;
fs::SDMMCFS SD_MMC;

namespace {

camera_fb_t buffers[3];
bool is_lent[3];
sensor_t the_sensor;
camera_sensor_info_t* info = nullptr;

std::mutex wire;  // USB is read by a test while a task writes

int64_t since_start_us() {
  static const auto start = std::chrono::steady_clock::now();
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start).count();
}

int set_size(sensor_t*, framesize_t size) { return chip.told["size"] = size, 0; }
int set_brightness(sensor_t*, int level) { return chip.told["brightness"] = level, 0; }
int set_saturation(sensor_t*, int level) { return chip.told["saturation"] = level, 0; }
int set_quality(sensor_t*, int quality) { return chip.told["quality"] = quality, 0; }
int set_mirror(sensor_t*, int on) { return chip.told["mirror"] = on, 0; }
int set_flip(sensor_t*, int on) { return chip.told["flip"] = on, 0; }
int set_reg(sensor_t*, int reg, int mask, int value) {
  return chip.told["reg " + std::to_string(reg)] = mask & value, 0;
}

}  // namespace

std::string heard_on_usb() {
  const std::lock_guard<std::mutex> hold(wire);
  return chip.serial;
}

extern "C" {

esp_err_t esp_camera_init(const camera_config_t* config) {
  chip.inits.push_back(*config);
  const esp_err_t error = config->pixel_format == PIXFORMAT_JPEG ? chip.jpeg_init : chip.raw_init;
  chip.is_running = error == ESP_OK;
  the_sensor = {{0, 0, chip.pid, 0}, set_size,   set_brightness, set_saturation,
                set_quality,         set_mirror, set_flip,       set_reg};
  return error;
}
esp_err_t esp_camera_deinit(void) {
  ++chip.deinits;
  chip.is_running = false;
  return ESP_OK;
}
camera_fb_t* esp_camera_fb_get(void) {
  if (!chip.is_running || !chip.gives_frames) return nullptr;
  for (int i = 0; i < 3; ++i) {
    if (is_lent[i]) continue;
    is_lent[i] = true;
    chip.most_lent = std::max(chip.most_lent, ++chip.lent);
    const int64_t stamp_us = chip.is_live ? since_start_us() : chip.stamp_us;
    free(buffers[i].buf);
    auto* bytes = static_cast<uint8_t*>(malloc(chip.picture.size()));
    memcpy(bytes, chip.picture.data(), chip.picture.size());
    buffers[i] = {bytes, chip.picture.size(), 0, 0, chip.format, {}};
    buffers[i].timestamp.tv_sec = static_cast<time_t>(stamp_us / 1000000);
    buffers[i].timestamp.tv_usec = static_cast<suseconds_t>(stamp_us % 1000000);
    return &buffers[i];
  }
  return nullptr;
}
void esp_camera_fb_return(camera_fb_t* buffer) {
  const auto i = buffer - buffers;
  if (!is_lent[i]) abort();  // given back twice
  is_lent[i] = false;
  --chip.lent;
}
sensor_t* esp_camera_sensor_get(void) { return chip.is_running ? &the_sensor : nullptr; }
camera_sensor_info_t* esp_camera_sensor_get_info(sensor_id_t*) {
  delete info;
  return info = new camera_sensor_info_t{CAMERA_MODEL_STUB, chip.sensor,     OV2640_SCCB_ADDR,
                                         OV2640_PID,        chip.sensor_max, true};
}

int64_t esp_timer_get_time(void) { return chip.is_live ? since_start_us() : chip.timer_us; }
esp_reset_reason_t esp_reset_reason(void) { return chip.reset; }
void esp_restart(void) {
  std::printf("%srestarts\n", chip.serial.c_str());
  std::fflush(stdout);
  _exit(75);
}
esp_err_t esp_task_wdt_reconfigure(const esp_task_wdt_config_t*) { return ESP_OK; }
esp_err_t esp_task_wdt_add(TaskHandle_t) { return ESP_OK; }
esp_err_t esp_task_wdt_reset(void) { return ESP_OK; }
size_t heap_caps_get_minimum_free_size(uint32_t) { return 100000; }
size_t heap_caps_get_free_size(uint32_t) { return 5000000; }
float temperatureRead() { return chip.celsius; }
bool psramFound() { return chip.has_psram; }
uint32_t esp_random(void) {
  if (chip.wifi == WIFI_MODE_NULL && !chip.has_early_noise) ++chip.poor_draws;
  static uint32_t word = static_cast<uint32_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  return word = word * 1664525 + 1013904223;
}
void bootloader_random_enable(void) { chip.has_early_noise = true; }
void bootloader_random_disable(void) { chip.has_early_noise = false; }
void configTzTime(const char*, const char*, const char*, const char*) {}

unsigned long millis() { return chip.is_live ? static_cast<unsigned long>(since_start_us() / 1000) : chip.ms; }
void delay(uint32_t ms) {
  chip.ms += ms;
  if (chip.is_live) std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}
void vTaskDelay(const TickType_t ticks) { std::this_thread::sleep_for(std::chrono::milliseconds(ticks)); }
BaseType_t xTaskCreatePinnedToCore(TaskFunction_t task, const char*, uint32_t, void* self, UBaseType_t, TaskHandle_t*,
                                   BaseType_t) {
  std::thread(task, self).detach();
  return pdPASS;
}
void* heap_caps_malloc(size_t size, uint32_t) { return malloc(size); }
esp_err_t esp_ota_mark_app_valid_cancel_rollback(void) { return chip.told["proven"] = 1, ESP_OK; }
esp_err_t esp_sleep_enable_timer_wakeup(uint64_t us) {
  return chip.told["sleep_s"] = static_cast<int>(us / 1000000), ESP_OK;
}
void esp_deep_sleep_start(void) {
  std::printf("%ssleeps %d s\n", chip.serial.c_str(), chip.told["sleep_s"]);
  std::fflush(stdout);
  _exit(42);
}
void pinMode(uint8_t pin, uint8_t mode) { chip.mode[pin] = mode; }
void digitalWrite(uint8_t pin, uint8_t level) { chip.written.emplace_back(pin, level); }
int digitalRead(uint8_t pin) { return chip.level.count(pin) != 0 ? chip.level[pin] : chip.mode[pin] == INPUT_PULLUP; }
esp_err_t gpio_hold_en(gpio_num_t pin) { return chip.held.push_back(pin), ESP_OK; }
esp_err_t gpio_hold_dis(gpio_num_t) { return ESP_OK; }
esp_err_t rtc_gpio_deinit(gpio_num_t) { return ESP_OK; }
esp_err_t rtc_gpio_pullup_en(gpio_num_t) { return ESP_OK; }
esp_err_t rtc_gpio_pulldown_dis(gpio_num_t) { return ESP_OK; }
esp_err_t esp_sleep_pd_config(esp_sleep_pd_domain_t, esp_sleep_pd_option_t) { return ESP_OK; }
esp_err_t esp_sleep_enable_ext0_wakeup(gpio_num_t pin, int) { return chip.wakes_on_high = pin, ESP_OK; }
esp_err_t esp_sleep_enable_ext1_wakeup(uint64_t pins, esp_sleep_ext1_wakeup_mode_t) {
  return chip.wakes_on_low = pins, ESP_OK;
}
esp_sleep_wakeup_cause_t esp_sleep_get_wakeup_cause(void) {
  if (chip.is_woken_by_motion) return ESP_SLEEP_WAKEUP_EXT0;
  return chip.woken_by != 0 ? ESP_SLEEP_WAKEUP_EXT1 : ESP_SLEEP_WAKEUP_UNDEFINED;
}
uint64_t esp_sleep_get_ext1_wakeup_status(void) { return chip.woken_by; }

SemaphoreHandle_t xSemaphoreCreateMutexStatic(StaticSemaphore_t* memory) {
  static_assert(sizeof(std::mutex) <= sizeof(StaticSemaphore_t));
  return reinterpret_cast<SemaphoreHandle_t>(new (memory) std::mutex);
}
BaseType_t xSemaphoreTake(SemaphoreHandle_t mutex, TickType_t) {
  return reinterpret_cast<std::mutex*>(mutex)->lock(), pdTRUE;
}
BaseType_t xSemaphoreGive(SemaphoreHandle_t mutex) { return reinterpret_cast<std::mutex*>(mutex)->unlock(), pdTRUE; }

// In place of the desktop's own.
int gettimeofday(struct timeval* now, void*) noexcept {
  if (chip.is_live) {  // from the moment it was set
    const int64_t us = chip.wall_us + since_start_us();
    *now = {static_cast<time_t>(us / 1000000), static_cast<suseconds_t>(us % 1000000)};
    return 0;
  }
  now->tv_sec = static_cast<time_t>(chip.wall_us / 1000000);
  now->tv_usec = static_cast<suseconds_t>(chip.wall_us % 1000000);
  return 0;
}
int settimeofday(const struct timeval* now, const struct timezone*) noexcept {
  chip.wall_us = int64_t{now->tv_sec} * 1000000 + now->tv_usec - (chip.is_live ? since_start_us() : 0);
  return 0;
}

}  // extern "C"

HWCDC::HWCDC() {}
HWCDC::~HWCDC() {}
size_t HWCDC::setRxBufferSize(size_t size) { return size; }
size_t HWCDC::setTxBufferSize(size_t size) { return size; }
void HWCDC::setTxTimeoutMs(uint32_t) {}
void HWCDC::begin(unsigned long) {}
void HWCDC::flush() {}
int HWCDC::available() {
  const std::lock_guard<std::mutex> hold(wire);
  return static_cast<int>(chip.typed.size());
}
int HWCDC::read() {
  const std::lock_guard<std::mutex> hold(wire);
  const char letter = chip.typed.front();
  chip.typed.erase(0, 1);
  return letter;
}
size_t HWCDC::write(uint8_t letter) { return write(&letter, 1); }
size_t HWCDC::write(const uint8_t* text, size_t size) {
  const std::lock_guard<std::mutex> hold(wire);
  chip.serial.append(reinterpret_cast<const char*>(text), size);
  return size;
}
size_t Print::write(const uint8_t*, size_t size) { return size; }

Preferences::Preferences() {}
Preferences::~Preferences() {}
bool Preferences::begin(const char*, bool, const char* partition) { return chip.partition = partition, true; }
bool Preferences::remove(const char* key) { return chip.notes.erase(key) == 1; }
size_t Preferences::putBytes(const char* key, const void* value, size_t size) {
  if (strlen(key) > 15) abort();
  chip.notes[key] = std::string(static_cast<const char*>(value), size);
  return size;
}
bool Preferences::isKey(const char* key) { return chip.notes.count(key) != 0; }
size_t Preferences::getBytesLength(const char* key) { return chip.notes[key].size(); }
size_t Preferences::getBytes(const char* key, void* room, size_t size) {
  const std::string& note = chip.notes[key];
  if (note.size() > size) return 0;
  memcpy(room, note.data(), note.size());
  return note.size();
}

SPIClass::SPIClass(uint8_t) {}
SPIClass::~SPIClass() {}
bool SPIClass::begin(int8_t, int8_t, int8_t, int8_t) { return true; }
void SPIClass::end() {}
fs::LittleFSFS::LittleFSFS() {}
fs::LittleFSFS::~LittleFSFS() {}
bool fs::LittleFSFS::begin(bool, const char*, uint8_t, const char* label) {
  chip.flash_label = label;
  return chip.flash_works;
}
size_t fs::LittleFSFS::totalBytes() { return 4038656; }
bool fs::SDFS::begin(uint8_t, SPIClass&, uint32_t hz, const char*, uint8_t, bool format) {
  chip.card_may_be_formatted |= format;
  chip.card_speeds.push_back(static_cast<int>(hz / 1000));
  return static_cast<int>(hz / 1000) <= chip.card_works_at;
}
uint64_t fs::SDFS::totalBytes() { return 32000000000; }
bool fs::SDMMCFS::setPins(int, int, int) { return true; }
bool fs::SDMMCFS::begin(const char*, bool one_bit, bool format, int khz, uint8_t) {
  chip.card_may_be_formatted |= format;
  chip.card_speeds.push_back(khz);
  return one_bit && khz <= chip.card_works_at;
}
uint64_t fs::SDMMCFS::totalBytes() { return 32000000000; }

bool WiFiClass::mode(wifi_mode_t mode) { return chip.wifi = mode, true; }
wifi_mode_t WiFiClass::getMode() { return chip.wifi; }
void WiFiClass::persistent(bool on) { chip.keeps_password = on; }
bool WiFiClass::setSleep(bool) { return true; }
bool WiFiClass::setTxPower(wifi_power_t power) { return chip.power = power, true; }
wl_status_t WiFiClass::begin(const char* ssid, const char* password, int32_t, const uint8_t*, bool) {
  chip.joins.push_back(std::string(ssid) + "/" + (password == nullptr ? "(open)" : password));
  return WL_DISCONNECTED;
}
bool WiFiClass::disconnect(bool, bool) { return true; }
wl_status_t WiFiClass::status() { return WL_CONNECTED; }
int8_t WiFiClass::RSSI() { return -61; }
bool WiFiClass::softAP(const char* ssid, const char*, int, int, int, bool) {
  return chip.joins.push_back(std::string("AP ") + ssid), true;
}
bool WiFiClass::softAPdisconnect(bool) { return true; }
IPAddress WiFiClass::softAPIP() { return IPAddress(); }
uint8_t WiFiClass::softAPgetStationNum() { return 0; }

IPAddress::IPAddress() {}
String IPAddress::toString() const { return String("192.168.4.1"); }
String::String(const char*) {}
String::String(const String&) {}
String::~String() {}
unsigned int String::length() const { return 0; }
const char* String::c_str() const { return ""; }
uint64_t EspClass::getEfuseMac() { return 0x2a3f00000000; }
uint32_t EspClass::getPsramSize() { return 8 * 1024 * 1024; }

MDNSResponder::MDNSResponder() {}
MDNSResponder::~MDNSResponder() {}
MDNSResponder MDNS;
bool MDNSResponder::begin(const char*) { return true; }
void MDNSResponder::end() {}
int MDNSResponder::queryService(const char*, const char*) { return 0; }
String MDNSResponder::hostname(int) { return String(); }
IPAddress MDNSResponder::address(int) { return IPAddress(); }
uint16_t MDNSResponder::port(int) { return 0; }

DNSServer::DNSServer() {}
void DNSServer::processNextRequest() {}
bool DNSServer::start(uint16_t, const String&, const IPAddress&) { return true; }
void DNSServer::stop() {}
Uri::Uri(const char*) {}
Uri::Uri(const String&) {}
WebServer::WebServer(IPAddress, int) {}
WebServer::WebServer(int) {}
WebServer::~WebServer() {}
void WebServer::begin() {}
void WebServer::handleClient() {}
void WebServer::close() {}
void WebServer::stop() {}
void WebServer::on(const Uri&, HTTPMethod, THandlerFunction) {}
void WebServer::onNotFound(THandlerFunction) {}
String WebServer::arg(const String&) { return String(); }
void WebServer::send(int, const char*, const String&) {}
void WebServer::send(int, const char*, const char*) {}
void WebServer::sendHeader(const String&, const String&, bool) {}
