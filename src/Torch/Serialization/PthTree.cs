using static TorchSharp.torch;

namespace Compat.Torch.Serialization;

/// <summary>Walks through a tree of values, which may share parts but must not contain itself.</summary>
[HoldsTensors("owner: whoever owns the tree")]
internal sealed class PthTree
{
    /// <summary>How deep values may be nested.</summary>
    public const int MaxDepth = 1000;

    private readonly HashSet<Tensor> tensors = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<PthValue, bool> finished = new(ReferenceEqualityComparer.Instance);

    /// <summary>Finds all tensors.</summary>
    /// <exception cref="PthException">A value contains itself, or values are nested too deeply.</exception>
    public static IReadOnlyCollection<Tensor> TensorsOf(PthValue root)
    {
        PthTree tree = new();
        tree.Visit(root, 0);
        return tree.tensors;
    }

    /// <summary>Says that values are nested too deeply.</summary>
    public static PthException TooDeep() => new($"The file has values nested more than {MaxDepth} deep, which no honest checkpoint has.");

    private void Visit(PthValue? value, int depth)
    {
        switch (value)
        {
            case PthTensor tensor: tensors.Add(tensor.Value); break;
            case PthSequence or PthDict or PthObject: VisitOnce(value, depth); break;
        }
    }

    // A part that is shared is visited once, or a small file could take for ever.
    private void VisitOnce(PthValue value, int depth)
    {
        if (finished.TryGetValue(value, out bool isFinished))
        {
            if (!isFinished)
            {
                throw new PthException("The file has a value that contains itself, which cannot be read. Save plain values only.");
            }

            return;
        }

        if (depth > MaxDepth)
        {
            throw TooDeep();
        }

        finished[value] = false;
        VisitParts(value, depth + 1);
        finished[value] = true;
    }

    private void VisitParts(PthValue value, int depth)
    {
        switch (value)
        {
            case PthSequence sequence:
                foreach (PthValue item in sequence.Items)
                {
                    Visit(item, depth);
                }

                break;
            case PthDict dict:
                foreach ((PthValue key, PthValue entry) in dict)
                {
                    Visit(key, depth);
                    Visit(entry, depth);
                }

                Visit(dict.Attributes, depth);
                break;
            case PthObject named:
                Visit(named.Arguments, depth);
                Visit(named.Entries, depth);
                Visit(named.State, depth);
                break;
        }
    }
}
