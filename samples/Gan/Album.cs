using Compat.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Gan;

/// <summary>Digits as the generator makes them at some epochs, always from the same noise.</summary>
/// <remarks>It has random numbers of its own, so looking at the generator does not change how it is trained.</remarks>
[HoldsTensors("owner: this album; freed by its Dispose")]
internal sealed class Album : IDisposable
{
    private const int Digits = 16;

    private readonly StateTensor noise;
    private readonly List<AlbumPage> pages = [];
    private readonly HashSet<int> wanted;

    /// <summary>Makes an empty album.</summary>
    /// <param name="epochs">How many epochs are trained; about six of them, the first and the last among them, get a page.</param>
    public Album(int epochs)
    {
        wanted = [.. Enumerable.Range(0, 6).Select(i => 1 + (int)Math.Round((epochs - 1) * i / 5.0))];
        using torch.Generator generator = new(7);
        using Tensor drawn = randn(Digits, Models.Generator.NoiseSize, generator: generator);
        noise = new StateTensor(drawn);
    }

    public IReadOnlyList<AlbumPage> Pages => pages;

    /// <summary>Adds a page if this epoch is to have one. Reads the digits, so it belongs between epochs.</summary>
    public void Look(Models.Generator generator, int epoch)
    {
        if (!wanted.Contains(epoch))
        {
            return;
        }

        using DisposeScope scope = NewDisposeScope();
        using IDisposable guard = no_grad();
        Tensor made = generator.forward(noise.Value.to(generator.Device)).cpu().to(ScalarType.Float32).contiguous();
        float[] pixels = made.data<float>().ToArray();
        pages.Add(new AlbumPage(epoch, [.. pixels.Chunk(64)]));
    }

    public void Dispose() => noise.Dispose();
}
