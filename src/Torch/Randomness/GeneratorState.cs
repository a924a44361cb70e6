using System.Buffers.Binary;

namespace Compat.Torch.Randomness;

/// <summary>
/// Tells whether bytes are the state of a random generator. libtorch ends the process if they are not, so they are looked at before it gets them.
/// </summary>
internal static class GeneratorState
{
    private const int CpuSize = 5056;
    private const int CudaSize = 16;
    private const int MersenneSize = 624;

    /// <summary>Tells whether bytes are the state of a CPU generator: seed, what is left of the Mersenne twister's block, its place, and the block.</summary>
    public static bool IsOfCpu(ReadOnlySpan<byte> state)
    {
        if (state.Length != CpuSize)
        {
            return false;
        }

        int left = BinaryPrimitives.ReadInt32LittleEndian(state[8..]);
        bool isSeeded = BinaryPrimitives.ReadInt32LittleEndian(state[12..]) != 0;
        ulong next = BinaryPrimitives.ReadUInt64LittleEndian(state[16..]);

        // It reads on from the place until nothing is left: libtorch does not see that the two could lead beyond the block.
        return isSeeded && left is > 0 and <= MersenneSize && next <= MersenneSize && (ulong)left + next <= MersenneSize + 1;
    }

    /// <summary>Tells whether bytes are the state of a CUDA generator: seed, and a place that is a multiple of 4.</summary>
    public static bool IsOfCuda(ReadOnlySpan<byte> state) => state.Length == CudaSize && BinaryPrimitives.ReadInt64LittleEndian(state[8..]) % 4 == 0;
}
