using Compat.Adapters.Equivalence;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Adapters.Tests.Equivalence;

internal static class Traces
{
    public static TrainingTrace Of(params IReadOnlyList<IterationTrace> iterations) => new("trace", iterations);

    /// <summary>An iteration with every stage that the recorder writes.</summary>
    public static IterationTrace Iteration(int number) => new(
        number,
        [
            Indices(0, 1),
            Number(Observation.LearningRate, "lr", 0.1),
            Number(Observation.Momentum, "momentum", 0.9),
            Number(Observation.Loss, "loss", 2),
            Number(Observation.LogValues, "acc", 0.5),
            Tensor(Observation.Gradients, "fc.weight", 5),
            Tensor(Observation.ClippedGradients, "fc.weight", 4),
            Tensor(Observation.Weights, "fc.weight", 1),
            Tensor(Observation.Buffers, "bn.mean", 3),
        ]);

    public static TraceStage Indices(params long[] indices) => new(Observation.Batch, [KeyValuePair.Create("indices", (TraceValue)new TraceIntegers(indices))]);

    public static TraceStage Number(Observation observation, string name, double value) => TraceStage.Of(observation, [KeyValuePair.Create(name, value)]);

    public static TraceStage Tensor(Observation observation, string name, float value) => TraceStage.Of(observation, [KeyValuePair.Create(name, Snapshot(value))]);

    public static TensorSnapshot Snapshot(float value)
    {
        using DisposeScope scope = NewDisposeScope();
        return TensorSnapshot.Of(tensor(value));
    }

    public static IterationTrace Without(this IterationTrace iteration, Observation observation) =>
        iteration with { Stages = [.. iteration.Stages.Where(stage => stage.Observation != observation)] };
}
