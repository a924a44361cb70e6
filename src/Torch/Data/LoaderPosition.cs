using System.Numerics;
using Compat.Torch.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Data;

/// <summary>Where a loader stands.</summary>
/// <param name="Batches">How many batches of the pass in progress were given.</param>
/// <param name="BaseSeed">The seed of the pass in progress; <see langword="null"/> between passes.</param>
/// <param name="Sampler">Where the sampler stood after the last of them.</param>
internal readonly record struct LoaderPosition(long Batches, long? BaseSeed, SamplerState Sampler)
{
    public PthDict ToPth(Sampler sampler) => new()
    {
        ["sampler"] = sampler.GetType().Name,
        ["samples"] = sampler.Count,
        ["batches"] = Batches,
        ["base_seed"] = OrNone(BaseSeed),
        ["position"] = Sampler.Position,
        ["epoch"] = Sampler.Epoch,
        ["seed"] = OrNone(Sampler.Seed),
        ["generator"] = Sampler.Generator.IsEmpty ? PthNone.Value : new PthTensor(tensor(Sampler.Generator.ToArray(), ScalarType.Byte)),
    };

    /// <exception cref="PthException">The state is not that of a loader with such a sampler.</exception>
    public static LoaderPosition FromPth(PthDict state, Sampler sampler)
    {
        string name = state.TryGetValue("sampler", out PthValue? type) && type is PthText text
            ? text.Value
            : throw new PthException("The value is no state of a BatchLoader: it lacks 'sampler'. Give what BatchLoader.SaveState returned.");
        int samples = state.RequireInt32("samples");
        if (name != sampler.GetType().Name || samples != sampler.Count)
        {
            throw new PthException(
                $"The state is of a {name} over {samples} samples, the loader has a {sampler.GetType().Name} over {sampler.Count}. Resume with the same "
                + "data and sampler, or begin the pass anew.");
        }

        SamplerState position = new(state.RequireInt32("position"), state.RequireInt32("epoch"), Seed(state, "seed"), Generator(state));
        return new LoaderPosition(Whole("batches", state.Require<PthInteger>("batches", "a whole number").Value, min: 0), Seed(state, "base_seed"), position);
    }

    private static PthValue OrNone(long? number) => number is { } value ? value : PthNone.Value;

    private static long? Seed(PthDict state, string name) => state.Require<PthValue>(name, "a whole number, or None") switch
    {
        PthNone => null,
        _ => Whole(name, state.Require<PthInteger>(name, "a whole number, or None").Value, long.MinValue),
    };

    private static byte[] Generator(PthDict state)
    {
        using DisposeScope scope = NewDisposeScope();
        return state.Require<PthValue>("generator", "bytes, or None") switch
        {
            PthNone => [],
            PthTensor { Value: { dtype: ScalarType.Byte } bytes } => bytes.contiguous().data<byte>().ToArray(),
            _ => throw new PthException("The state's 'generator' holds no bytes; it must be those of a generator, or None. Give what BatchLoader.SaveState returned."),
        };
    }

    private static long Whole(string name, BigInteger number, long min) => number >= min && number <= long.MaxValue
        ? (long)number
        : throw new PthException($"The state has {number} under '{name}'; it must be from {min} to {long.MaxValue}. The file is damaged; take an older one.");
}
