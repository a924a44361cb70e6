using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Distributed;
using Compat.Torch.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Data;

public sealed class BatchLoaderTests
{
    [Fact]
    public void One_pass_gives_all_samples_and_the_last_batch_may_be_smaller()
    {
        using DisposeScope scope = NewDisposeScope();
        BatchLoader loader = new(new NumberDataset(5), new BatchLoaderOptions { BatchSize = 2 });

        float[][] labels = [.. loader.Select(Labels)];

        loader.Length.Should().Be(3);
        labels.Should().BeEquivalentTo(new float[][] { [0, 10], [20, 30], [40] }, options => options.WithStrictOrdering());
    }

    [Fact]
    public void A_pass_draws_its_number_when_it_begins_and_a_shuffle_its_order_with_the_first_batch_as_pytorch_does()
    {
        BatchLoader loader = new(new NumberDataset(5), new BatchLoaderOptions { Shuffle = true });
        TorchSeed.Set(3);
        long[] drawn = [TorchSeed.Draw(), TorchSeed.Draw(), TorchSeed.Draw()];
        TorchSeed.Set(3);

        using IEnumerator<DataBatch> pass = loader.GetEnumerator();
        long afterBegin = TorchSeed.Draw();
        TorchSeed.Set(3);
        using IEnumerator<DataBatch> again = loader.GetEnumerator();
        again.MoveNext();
        again.Current.Dispose();
        long afterFirst = TorchSeed.Draw();

        (afterBegin, afterFirst).Should().Be((drawn[1], drawn[2]));
    }

    [Fact]
    public void The_defaults_are_one_sample_at_a_time_in_order()
    {
        using DisposeScope scope = NewDisposeScope();
        NumberDataset dataset = new(2);
        BatchLoader loader = new(dataset);

        loader.BatchSize.Should().Be(1);
        loader.Dataset.Should().BeSameAs(dataset);
        loader.Sampler.Should().BeOfType<SequentialSampler>().Which.Should().Equal(0, 1);
        loader.BatchSampler.Sampler.Should().BeSameAs(loader.Sampler);
        loader.Select(Labels).SelectMany(label => label).Should().Equal(0f, 10f);
    }

    [Fact]
    public void A_batch_knows_the_indices_of_its_samples()
    {
        DefaultSampler sampler = new(new NumberDataset(6), seed: 1);
        BatchLoader loader = new(new NumberDataset(6), new BatchLoaderOptions { BatchSize = 4, Sampler = sampler });
        List<int> indices = [];
        foreach (DataBatch batch in loader)
        {
            indices.AddRange(batch.Indices);
            Labels(batch).Should().Equal(batch.Indices.Select(index => 10f * index));
        }

        indices.Should().Equal(sampler);
    }

    [Fact]
    public void A_collate_of_ones_own_is_used()
    {
        using DisposeScope scope = NewDisposeScope();
        BatchLoader loader = new(
            new NumberDataset(3),
            new BatchLoaderOptions { BatchSize = 3, Collate = samples => new PairBatch(tensor(samples.Count), ones(1)) });

        using PairBatch batch = (PairBatch)loader.Single();

        batch.Image.item<int>().Should().Be(3);
    }

    [Fact]
    public void A_batch_belongs_to_no_scope_and_nothing_else_is_left()
    {
        long before = LiveTensors.Settled();
        DataBatch batch;
        using (NewDisposeScope())
        {
            batch = new BatchLoader(new NumberDataset(4), new BatchLoaderOptions { BatchSize = 4 }).Single();
        }

        batch.Tensors.Should().OnlyContain(tensor => !tensor.IsInvalid);
        Tensor.TotalCount.Should().Be(before + 2);
        batch.Dispose();
        Tensor.TotalCount.Should().Be(before);
    }

    [Fact]
    public void An_empty_dataset_is_refused()
    {
        Action act = () => _ = new BatchLoader(new NumberDataset(0), new BatchLoaderOptions { BatchSize = 2 });

        act.Should().Throw<ArgumentException>().WithParameterName("dataset").WithMessage(
            "The loader is empty: NumberDataset has 0 samples, BatchSize is 2 and DropLast is False, which gives no batch. Give it at least 1 samples.*");
    }

    [Fact]
    public void A_dataset_that_is_dropped_altogether_is_refused_and_one_sample_more_is_enough()
    {
        BatchLoaderOptions options = new() { BatchSize = 4, DropLast = true };
        Action act = () => _ = new BatchLoader(new NumberDataset(3), options);

        act.Should().Throw<ArgumentException>().WithMessage(
            "The loader is empty: NumberDataset has 3 samples, BatchSize is 4 and DropLast is True, which gives no batch. Give it at least 4 samples, "
            + "or set DropLast to false.*");
        new BatchLoader(new NumberDataset(4), options).Length.Should().Be(1);
    }

    [Fact]
    public void Shuffling_is_a_random_sampler_and_without_it_samples_come_in_order()
    {
        using BatchLoader shuffled = new(new NumberDataset(4), new BatchLoaderOptions { Shuffle = true });
        using BatchLoader plain = new(new NumberDataset(4));

        shuffled.Sampler.Should().BeOfType<RandomSampler>();
        plain.Sampler.Should().BeOfType<SequentialSampler>();
    }

    [Fact]
    public void Shuffling_beside_a_sampler_is_refused()
    {
        NumberDataset dataset = new(4);
        Action act = () => _ = new BatchLoader(dataset, new BatchLoaderOptions { Shuffle = true, Sampler = new DefaultSampler(dataset) });

        act.Should().Throw<ArgumentException>().WithParameterName("options").WithMessage(
            "Shuffle is true and Sampler is a DefaultSampler; only one of them can be set. Leave one of them out.*");
    }

    [Fact]
    public void A_process_may_have_no_sample_where_others_have_some()
    {
        NumberDataset data = new(3);
        using BatchLoader loader = new(data, new() { BatchSize = 2, Sampler = new DefaultSampler(data, shuffle: false, roundUp: false, process: new ProcessRank(3, 4)) });
        loader.Length.Should().Be(0);
        loader.Should().BeEmpty();
    }

    [Fact]
    public void An_empty_dataset_is_refused_in_the_same_words_with_shuffling()
    {
        Action act = () => _ = new BatchLoader(new NumberDataset(0), new BatchLoaderOptions { Shuffle = true });

        act.Should().Throw<ArgumentException>().WithParameterName("dataset").WithMessage("The loader is empty: NumberDataset has 0 samples*");
    }

    [Fact]
    public void Null_is_refused()
    {
        Action act = () => _ = new BatchLoader(null!);

        act.Should().Throw<ArgumentNullException>().WithParameterName("dataset");
    }

    private static float[] Labels(DataBatch batch)
    {
        using (batch)
        {
            return ((PairBatch)batch).Label.data<float>().ToArray();
        }
    }
}
