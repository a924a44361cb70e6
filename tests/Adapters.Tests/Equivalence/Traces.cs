using Compat.Adapters.Equivalence;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Adapters.Tests.Equivalence;

internal static class Traces
{
    public static TrainingTrace Of(params IReadOnlyList<IterationTrace> iterations) => new("trace", iterations);

    public static IterationTrace Iteration(int number) => new()
    {
        Iteration = number,
        BatchIndices = [0, 1],
        LearningRate = 0.1,
        Loss = 2,
        LogValues = [KeyValuePair.Create("acc", 0.5)],
        Weights = [KeyValuePair.Create("fc.weight", Snapshot(1))],
        Buffers = [KeyValuePair.Create("bn.mean", Snapshot(3))],
    };

    public static TensorSnapshot Snapshot(float value)
    {
        using DisposeScope scope = NewDisposeScope();
        return TensorSnapshot.Of(tensor(value));
    }
}
