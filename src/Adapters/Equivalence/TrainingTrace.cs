using Compat.Torch.Serialization;

namespace Compat.Adapters.Equivalence;

/// <summary>What was observed in a training, iteration by iteration.</summary>
/// <param name="Name">Which training it was, for example <c>legacy</c>.</param>
/// <param name="Iterations">The iterations, in order.</param>
public sealed record TrainingTrace(string Name, IReadOnlyList<IterationTrace> Iterations)
{
    /// <summary>Reads a trace that <see cref="Save"/> wrote, or Python.</summary>
    /// <remarks>
    /// In Python: <c>torch.save({"name": "mmcv", "iterations": [{"iteration": 1, "stages": {"weights": dict(model.named_parameters()), …}}, …]}, path)</c>.
    /// A value is a number, a list of whole numbers, a tensor, or the hash of one: <c>{"dtype": "float32", "shape": [2, 3], "sha256": "…"}</c>, over
    /// <c>tensor.contiguous().numpy().tobytes()</c>.
    /// </remarks>
    /// <param name="path">The file.</param>
    /// <returns>The trace.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="PthException">The file is no trace.</exception>
    public static TrainingTrace Load(string path)
    {
        using PthFile file = PthFile.Read(path);
        return TraceFile.Read(file.Root, path);
    }

    /// <summary>Writes the trace to a <c>.pth</c> file, whole or not at all.</summary>
    /// <remarks>Python reads it in one line: <c>torch.load(path)["iterations"][0]["stages"]["weights"]["fc.weight"]</c>.</remarks>
    /// <param name="path">The file; it is replaced if it exists.</param>
    public void Save(string path) => TraceFile.Write(this, path);

    /// <summary>Drops the content of all tensors and keeps their hashes, for a small file.</summary>
    /// <returns>A new trace.</returns>
    public TrainingTrace Hashed() => this with { Iterations = [.. Iterations.Select(Hashed)] };

    private static IterationTrace Hashed(IterationTrace iteration) => iteration with { Stages = [.. iteration.Stages.Select(Hashed)] };

    private static TraceStage Hashed(TraceStage stage) => stage with
    {
        Values = [.. stage.Values.Select(entry => KeyValuePair.Create(entry.Key, entry.Value is TensorSnapshot tensor ? tensor.Hashed() : entry.Value))],
    };
}
