using Compat.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Benchmarks;

/// <summary>One of the three models that overheads are measured with, with its input and target. They stay as they are, so that figures compare.</summary>
/// <param name="Name">a: one tiny layer. b: a small convolutional network. c: fifty small layers.</param>
/// <param name="Device">Where it is trained.</param>
internal sealed record BenchmarkModel(string Name, Device Device)
{
    public static IReadOnlyList<string> Names { get; } = ["a", "b", "c"];

    /// <summary>Makes the network.</summary>
    public nn.Module<Tensor, Tensor> Network() => Layers().to(Device);

    /// <summary>Makes the input and the random target; the same at every call.</summary>
    public (StateTensor Input, StateTensor Target) Data()
    {
        using DisposeScope scope = NewDisposeScope();
        using Generator generator = new();
        generator.manual_seed(0);
        (long[] input, long[] target) = Name switch
        {
            "a" => (new long[] { 2, 1 }, new long[] { 2, 1 }),
            "b" => ([64, 1, 8, 8], [64, 64]),
            "c" => ([32, 64], [32, 64]),
            _ => throw Unknown(),
        };
        return (new StateTensor(randn(input, generator: generator).to(Device)), new StateTensor(randn(target, generator: generator).to(Device)));
    }

    private nn.Module<Tensor, Tensor> Layers() => Name switch
    {
        "a" => nn.Sequential(nn.Linear(1, 1)),
        "b" => nn.Sequential(
            nn.Conv2d(1, 16, 3, padding: 1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding: 1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(512, 64),
            nn.ReLU(),
            nn.Linear(64, 64)),
        "c" => nn.Sequential([.. Enumerable.Range(0, 50).SelectMany(_ => new nn.Module<Tensor, Tensor>[] { nn.Linear(64, 64), nn.Tanh() })]),
        _ => throw Unknown(),
    };

    private ArgumentException Unknown() => new($"There is no benchmark model '{Name}'. Models: {string.Join(", ", Names)}.");
}
