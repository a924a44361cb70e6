using System.Text.Json;
using System.Text.Json.Serialization;
using Compat.Torch.Serialization;

namespace Compat.Adapters.Equivalence;

/// <summary>Writes traces as JSON. Tensors appear as shape and SHA-256, which is all that comparing bit for bit needs.</summary>
public static class TraceJson
{
    private static readonly JsonSerializerOptions Options = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>Writes a trace to a file, whole or not at all.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="path">The file; it is replaced if it exists.</param>
    public static void Write(TrainingTrace trace, string path)
    {
        ArgumentNullException.ThrowIfNull(trace);
        AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, Document(trace), Options));
    }

    private static object Document(TrainingTrace trace) => new
    {
        name = trace.Name,
        iterations = trace.Iterations.Select(iteration => new
        {
            iteration = iteration.Iteration,
            batch_indices = iteration.BatchIndices,
            lr = iteration.LearningRate,
            loss = iteration.Loss,
            log_values = iteration.LogValues.ToDictionary(),
            weights = Tensors(iteration.Weights),
            buffers = Tensors(iteration.Buffers),
        }),
    };

    private static Dictionary<string, object> Tensors(IReadOnlyList<KeyValuePair<string, TensorSnapshot>> tensors) =>
        tensors.ToDictionary(entry => entry.Key, entry => (object)new { shape = entry.Value.Shape, sha256 = entry.Value.Hash });
}
