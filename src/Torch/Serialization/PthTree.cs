using static TorchSharp.torch;

namespace Compat.Torch.Serialization;

/// <summary>Walks through a tree of values, which may share parts but must not contain itself.</summary>
internal static class PthTree
{
    private const int MaxDepth = 1000;

    /// <summary>Finds all tensors.</summary>
    /// <exception cref="PthException">A value contains itself, or values are nested too deeply.</exception>
    public static IReadOnlyList<Tensor> TensorsOf(PthValue root)
    {
        HashSet<Tensor> tensors = new(ReferenceEqualityComparer.Instance);
        Visit(root, tensors, new(ReferenceEqualityComparer.Instance), 0);
        return [.. tensors];
    }

    private static void Visit(PthValue value, HashSet<Tensor> tensors, Dictionary<PthValue, bool> finished, int depth)
    {
        if (finished.TryGetValue(value, out bool isFinished))
        {
            // A part that is shared is visited once, or a small file could take for ever.
            if (!isFinished)
            {
                throw new PthException("The file has a value that contains itself, which cannot be read. Save plain values only.");
            }

            return;
        }

        if (depth > MaxDepth)
        {
            throw new PthException($"The file has values nested more than {MaxDepth} deep, which no honest checkpoint has.");
        }

        if (value is PthTensor tensor)
        {
            tensors.Add(tensor.Value);
            return;
        }

        finished[value] = false;
        foreach (PthValue part in PartsOf(value))
        {
            Visit(part, tensors, finished, depth + 1);
        }

        finished[value] = true;
    }

    private static IEnumerable<PthValue> PartsOf(PthValue value) => value switch
    {
        PthSequence sequence => sequence.Items,
        PthDict dict => dict.SelectMany(entry => new[] { entry.Key, entry.Value }).Concat(Present(dict.Attributes)),
        PthObject named => Present(named.Arguments).Concat(Present(named.Entries)).Concat(Present(named.State)),
        _ => [],
    };

    private static IEnumerable<PthValue> Present(PthValue? value) => value is null ? [] : [value];
}
