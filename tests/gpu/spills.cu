// A kernel that cannot do without spilling registers: 40 live doubles, 32 registers of 32 bits. The
// test below compiles it with our flags and must be refused.
__global__ void __launch_bounds__(1024, 2) spills(double* values, int rounds) {
    double kept[40];
    for (int i = 0; i < 40; ++i) kept[i] = values[i * 1024 + threadIdx.x];
    for (int round = 0; round < rounds; ++round) {
        for (int i = 0; i < 40; ++i) kept[i] = kept[i] * kept[(i + 1) % 40] + kept[(i + 7) % 40];
    }
    for (int i = 0; i < 40; ++i) values[i * 1024 + threadIdx.x] = kept[i];
}
