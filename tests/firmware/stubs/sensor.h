#pragma once
#include <cstdint>
// Values and members that the driver of 3.0.5 and today's master share.
typedef enum {
  OV2640_PID = 0x26,
  OV3660_PID = 0x3660,
  OV5640_PID = 0x5640,
  NT99141_PID = 0x1410,
  GC2145_PID = 0x2145,
  GC0308_PID = 0x9b,
} camera_pid_t;
typedef enum { CAMERA_MODEL_STUB } camera_model_t;
typedef enum { OV2640_SCCB_ADDR = 0x30 } camera_sccb_addr_t;
typedef enum {
  PIXFORMAT_RGB565,
  PIXFORMAT_YUV422,
  PIXFORMAT_YUV420,
  PIXFORMAT_GRAYSCALE,
  PIXFORMAT_JPEG,
} pixformat_t;
// Their numbers moved between versions, their names and order did not.
typedef enum {
  FRAMESIZE_96X96,
  FRAMESIZE_QQVGA,
  FRAMESIZE_QVGA = 5,
  FRAMESIZE_VGA = 8,
  FRAMESIZE_SVGA,
  FRAMESIZE_XGA,
  FRAMESIZE_HD,
  FRAMESIZE_SXGA,
  FRAMESIZE_UXGA,
  FRAMESIZE_FHD,
  FRAMESIZE_QXGA = 17,
  FRAMESIZE_QSXGA = 21,
  FRAMESIZE_INVALID
} framesize_t;
typedef struct {
  const camera_model_t model;
  const char* name;
  const camera_sccb_addr_t sccb_addr;
  const camera_pid_t pid;
  const framesize_t max_size;
  const bool support_jpeg;
} camera_sensor_info_t;
typedef struct {
  uint8_t MIDH;
  uint8_t MIDL;
  uint16_t PID;
  uint8_t VER;
} sensor_id_t;
typedef struct _sensor sensor_t;
struct _sensor {
  sensor_id_t id;
  int (*set_framesize)(sensor_t* sensor, framesize_t framesize);
  int (*set_brightness)(sensor_t* sensor, int level);
  int (*set_saturation)(sensor_t* sensor, int level);
  int (*set_quality)(sensor_t* sensor, int quality);
  int (*set_hmirror)(sensor_t* sensor, int enable);
  int (*set_vflip)(sensor_t* sensor, int enable);
  int (*set_reg)(sensor_t* sensor, int reg, int mask, int value);
};
extern "C" camera_sensor_info_t* esp_camera_sensor_get_info(sensor_id_t* id);
