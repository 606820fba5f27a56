#pragma once
#include "FreeRTOS.h"
struct QueueDefinition;
typedef struct QueueDefinition* SemaphoreHandle_t;
typedef struct {
  void* pvDummy[20];
} StaticSemaphore_t;
extern "C" {
SemaphoreHandle_t xSemaphoreCreateMutexStatic(StaticSemaphore_t* pxMutexBuffer);
BaseType_t xSemaphoreTake(SemaphoreHandle_t xSemaphore, TickType_t xBlockTime);
BaseType_t xSemaphoreGive(SemaphoreHandle_t xSemaphore);
}
