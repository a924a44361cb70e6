using System.Globalization;
using Compat.TestSupport;
using Compat.Torch.Randomness;
using Compat.Torch.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Randomness;

public sealed class RandomStateTests
{
    [Fact]
    public void Restoring_repeats_the_numbers_that_followed_the_capture_as_often_as_one_likes()
    {
        using DisposeScope scope = NewDisposeScope();
        using RandomState state = RandomState.Capture();
        float[] first = Draw();
        float[] next = Draw();

        state.Restore();
        float[] again = Draw();
        state.Restore();

        Draw().Should().Equal(first);
        again.Should().Equal(first);
        next.Should().NotEqual(first);
    }

    [Fact]
    public void Normal_numbers_and_dropout_are_repeated_too()
    {
        using DisposeScope scope = NewDisposeScope();
        _ = randn(1);
        using RandomState state = RandomState.Capture();
        float[] first = Noise();

        state.Restore();

        Noise().Should().Equal(first);
        Noise().Should().NotEqual(first);
    }

    [Fact]
    public void Capturing_draws_nothing_and_disposing_leaves_nothing()
    {
        using DisposeScope scope = NewDisposeScope();
        TorchSeed.Set(3);
        float[] expected = Draw();
        TorchSeed.Set(3);
        long before = LiveTensors.Settled();

        RandomState.Capture().Dispose();

        Tensor.TotalCount.Should().Be(before);
        Draw().Should().Equal(expected);
    }

    [Fact]
    public void A_disposed_state_cannot_be_restored()
    {
        RandomState state = RandomState.Capture();
        state.Dispose();

        Action act = state.Restore;

        act.Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void It_is_restored_from_a_file()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        _ = randn(1);
        using (RandomState state = RandomState.Capture())
        {
            PthFile.Write(folder.File("random.pth"), state.ToPth());
        }

        float[] first = Noise();
        TorchSeed.Set(1);
        float[] other = Noise();

        using PthFile file = PthFile.Read(folder.File("random.pth"));
        using RandomState read = RandomState.FromPth((PthDict)file.Root);
        read.Restore();

        Noise().Should().Equal(first);
        other.Should().NotEqual(first);
        read.CudaDevices.Should().Be(cuda.is_available() ? cuda.device_count() : 0);
    }

    [PythonFact]
    public void PyTorch_goes_on_with_our_numbers_and_we_with_its()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        using RandomState state = RandomState.Capture();
        PthFile.Write(folder.File("ours.pth"), state.ToPth());
        string printed = PythonFactAttribute.Run(
            """
            import sys, torch
            torch.set_rng_state(torch.load(sys.argv[1], weights_only=True)['cpu'])
            print(' '.join(repr(v) for v in torch.rand(4).tolist()))
            torch.save({'cpu': torch.get_rng_state(), 'cuda': []}, sys.argv[2])
            print(' '.join(repr(v) for v in torch.rand(4).tolist()))
            """,
            folder.File("ours.pth"),
            folder.File("theirs.pth"));
        float[][] theirs = [.. printed.Trim().Split('\n').Select(line => line.Split(' ').Select(text => float.Parse(text, CultureInfo.InvariantCulture)).ToArray())];

        Draw().Should().Equal(theirs[0]);
        TorchSeed.Set(1);
        using PthFile file = PthFile.Read(folder.File("theirs.pth"));
        using RandomState read = RandomState.FromPth((PthDict)file.Root);
        read.Restore();
        Draw().Should().Equal(theirs[1]);
    }

    [Fact]
    public void Bytes_that_would_end_the_process_are_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        PthSequence none = new(PthSequenceKind.List);
        byte[] good = get_rng_state().data<byte>().ToArray();
        byte[] unseeded = [.. good];
        unseeded[12] = 0;
        byte[] beyond = [.. good];
        beyond[18] = 1;
        byte[] beyondLater = [.. good];
        (beyondLater[8], beyondLater[9], beyondLater[16], beyondLater[17]) = (0x58, 2, 0x58, 2);
        PthDict[] wrong =
        [
            [],
            new() { ["cpu"] = Bytes(good[..10]), ["cuda"] = none },
            new() { ["cpu"] = Bytes(unseeded), ["cuda"] = none },
            new() { ["cpu"] = Bytes(beyond), ["cuda"] = none },
            new() { ["cpu"] = Bytes(beyondLater), ["cuda"] = none },
            new() { ["cpu"] = Bytes(good) },
            new() { ["cpu"] = Bytes(good), ["cuda"] = new PthSequence(PthSequenceKind.List, Bytes(new byte[15])) },
            new() { ["cpu"] = Bytes(good), ["cuda"] = new PthSequence(PthSequenceKind.List, Bytes([.. new byte[8], 1, 0, 0, 0, 0, 0, 0, 0])) },
            new() { ["cpu"] = new PthTensor(ones(5056)), ["cuda"] = none },
        ];

        foreach (PthDict state in wrong)
        {
            Action act = () => RandomState.FromPth(state).Dispose();
            act.Should().Throw<PthException>().WithMessage("The value is no random state: 'cpu' must be the bytes of a CPU generator*Give what RandomState.ToPth returned.");
        }

        RandomState.FromPth(new() { ["cpu"] = Bytes(good), ["cuda"] = new PthSequence(PthSequenceKind.List, Bytes(new byte[16])) }).Dispose();
    }

    [Fact]
    public void Every_state_that_a_generator_passes_through_is_taken()
    {
        using DisposeScope scope = NewDisposeScope();
        TorchSeed.Set(1);
        for (int i = 0; i < 700; i++)
        {
            using RandomState state = RandomState.Capture();
            RandomState.FromPth(state.ToPth()).Dispose();
            rand(1).Dispose();
        }
    }

    private static PthTensor Bytes(byte[] bytes) => new(tensor(bytes, ScalarType.Byte));

    private static float[] Draw() => rand(4).data<float>().ToArray();

    private static float[] Noise() => [.. randn(1).data<float>().ToArray(), .. nn.functional.dropout(ones(16), 0.5, training: true).data<float>().ToArray()];
}
