using Compat.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Benchmarks;

/// <summary>The three models that overheads are measured with, each with its input and target. They stay as they are, so that figures compare.</summary>
internal static class BenchmarkModels
{
    public static IReadOnlyList<string> Names { get; } = ["a", "b", "c"];

    /// <summary>Makes the network of a model.</summary>
    /// <param name="name">a: one tiny layer. b: a small convolutional network. c: fifty small layers.</param>
    public static nn.Module<Tensor, Tensor> Network(string name) => name switch
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
        _ => throw Unknown(name),
    };

    /// <summary>Makes the input and the random target of a model; the same at every call.</summary>
    public static (StateTensor Input, StateTensor Target) Data(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using Generator generator = new();
        generator.manual_seed(0);
        (long[] input, long[] target) = name switch
        {
            "a" => (new long[] { 2, 1 }, new long[] { 2, 1 }),
            "b" => ([64, 1, 8, 8], [64, 64]),
            "c" => ([32, 64], [32, 64]),
            _ => throw Unknown(name),
        };
        return (new StateTensor(randn(input, generator: generator)), new StateTensor(randn(target, generator: generator)));
    }

    private static ArgumentException Unknown(string name) =>
        new($"There is no benchmark model '{name}'. Models: {string.Join(", ", Names)}.", nameof(name));
}
